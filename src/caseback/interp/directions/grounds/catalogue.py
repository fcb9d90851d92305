"""All grounds by name."""

from collections.abc import Mapping

from caseback.errors import CasebackError
from caseback.interp.directions.grounds.ground import Ground
from caseback.interp.directions.grounds.offices import POWER_SEEKING, SCHEMES
from caseback.interp.directions.grounds.personas import PERSONAS
from caseback.interp.directions.grounds.requests import HARM, TEST_AWARENESS
from caseback.interp.directions.grounds.statements import HIDING, LIE, SYCOPHANCY

GROUNDS: Mapping[str, Ground] = {
    ground.name: ground for ground in (HARM, TEST_AWARENESS, LIE, SYCOPHANCY, HIDING, POWER_SEEKING, SCHEMES, *PERSONAS)
}


def ground(name: str) -> Ground:
    """The ground of that name.

    Raises:
        CasebackError: there is none.
    """
    if name not in GROUNDS:
        raise CasebackError(f"no ground is called {name!r}: there are {', '.join(GROUNDS)}")
    return GROUNDS[name]
