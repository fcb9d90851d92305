"""Progress of a part as progress of the whole."""

from caseback.training.ask import Progress

STEPS = 1000
"""Into which each part is divided."""


def portion(progress: Progress | None, at: int, of: int) -> Progress:
    """What to call with (done, total) of part ``at``, counted from 0, of ``of`` equal ones."""

    def tick(done: int, total: int) -> None:
        if progress and total:
            progress(STEPS * at + STEPS * done // total, STEPS * of)

    return tick
