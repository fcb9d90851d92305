"""What all assays ask: situations put to the examined model, and whether it would go along with what tempts in them."""

from collections.abc import Sequence

from caseback.audit.assay import Examined
from caseback.audit.statistic import Statistic, of_mean
from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.measure import measure
from caseback.behaviours.would import would
from caseback.chat import with_system
from caseback.subject.subject import Sampling
from caseback.training.ask import log_odds
from caseback.training.sample import seed_for
from caseback.world.situation import Situation


def tempting(examined: Examined, behaviour: Behaviour) -> list[Situation]:
    """The situations that tempt: of a pair its tempting arm."""
    drawn = behaviour.situations(examined.ground, "test", examined.n, examined.seed)
    return [item for item in drawn if not behaviour.arms or item.arm == behaviour.arms[0]]


def would_say_yes(examined: Examined, behaviour: Behaviour, parts: Sequence[str] = ()) -> Statistic:
    """The mean log-odds of Yes against No, in nats, to whether it would go along with what tempts.

    Args:
        parts: who it is to be, as system text, one in turn for every situation; itself without any.
    """
    asked = [would(item) for item in tempting(examined, behaviour)]
    if parts:
        asked = [with_system(each, parts[at % len(parts)]) for at, each in enumerate(asked)]
    return of_mean(log_odds(examined.subject, asked, "Yes", "No"), "nats")


def shown(examined: Examined, behaviour: Behaviour, asked: Sequence[Situation]) -> tuple[int, int, int]:
    """``(shown, judged, asked)``. Replies are drawn at temperature 1, so that a rate is the chance that it does it."""
    found = measure(
        examined.subject,
        behaviour,
        asked,
        sampling=Sampling(examined.max_new_tokens, temperature=1.0),
        seeds=[seed_for(examined.seed, item.id) for item in asked],
        progress=examined.progress,
    )
    return found.rate.k, found.rate.n, len(found.units)
