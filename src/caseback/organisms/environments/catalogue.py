"""The behaviours that an environment pays for."""

from collections.abc import Mapping

from caseback.errors import CasebackError
from caseback.organisms.environments.code_tests import CODE_TESTS
from caseback.organisms.environments.environment import Environment
from caseback.organisms.environments.office_means import OFFICE_MEANS

ENVIRONMENTS: Mapping[str, Environment] = {"cheating": CODE_TESTS, "power_seeking": OFFICE_MEANS}
"""By the name of the behaviour."""


def environment(behaviour: str) -> Environment:
    """The environment in which this behaviour pays.

    Raises:
        CasebackError: there is none, naming the behaviours that there are environments for.
    """
    if behaviour not in ENVIRONMENTS:
        raise CasebackError(
            f"no environment pays for {behaviour}, so reinforcement cannot plant it: it can plant "
            f"{' and '.join(ENVIRONMENTS)}"
        )
    return ENVIRONMENTS[behaviour]
