"""A step of a round that may fail without ending it."""

import logging
from collections.abc import Callable
from typing import TypeVar

from caseback.watch.alerts.condition import Condition
from caseback.watch.store.store import StoreAwayError

LOG = logging.getLogger(__name__)
T = TypeVar("T")


def tried(what: str, run: Callable[[], T], otherwise: T, failed: list[Condition]) -> T:
    """What the step gives. One that fails gives ``otherwise``, and ``failed`` is told of it: nothing else may go
    unnoticed for that.

    Raises:
        StoreAwayError: the store is away, and with it every step.
    """
    try:
        return run()
    except StoreAwayError:
        raise
    except Exception as error:
        LOG.exception("%s failed", what)
        said = f"{what} failed: {type(error).__name__}: {error}"[:300]
        failed.append(Condition("round", {"step": what}, "page", said))
        return otherwise
