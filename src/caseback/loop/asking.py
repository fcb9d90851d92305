"""Ask a subject once, keep every reply in the record, and read from there what was shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.measure import Measurement, measure
from caseback.dossier.dossier import Dossier
from caseback.dossier.record import Record
from caseback.dossier.samples import put_samples, samples
from caseback.loop.records import sample_rows
from caseback.loop.stage import once
from caseback.stats.clustered import by_cluster, clustered_rate
from caseback.stats.clustered_paired import clustered_difference
from caseback.stats.paired import PairedDifference
from caseback.stats.rate import Rate
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling
from caseback.world.situation import Situation

Shown = Sequence[tuple[str, bool | None]]
"""Of each situation, in order, its family and whether the behaviour was shown."""


@dataclass(frozen=True)
class Asking:
    """Who is asked, and where it is kept; ``kind`` is that of the records, such as ``steadiness``."""

    dossier: Dossier
    kind: str
    subject: OpenSubject
    seed: int
    max_new_tokens: int

    def shown(self, behaviour: Behaviour, where: str, situations: Sequence[Situation]) -> Shown:
        """Measured once, and read from the record."""

        def work() -> tuple[dict[str, Any], dict[str, str]]:
            found: Measurement = measure(self.subject, behaviour, situations, sampling=Sampling(self.max_new_tokens))
            body = {"behaviour": behaviour.name, "where": where, "subject": self.subject.digest}
            return body, {"samples": put_samples(self.dossier, sample_rows(found.samples))}

        inputs = {
            "behaviour": behaviour.name,
            "subject": self.subject.digest,
            "situations": [item.id for item in situations],
            "max_new_tokens": self.max_new_tokens,
        }
        record: Record = once(self.dossier, self.kind, inputs, self.seed, work)
        rows = samples(self.dossier, record.artefacts["samples"])
        return tuple((row["situation"]["family"], row["judgement"]["shown"]) for row in rows)


def rate_of(shown: Shown) -> Rate:
    """How often it was shown of those that could be judged, with an interval that allows for families."""
    judged = [(family, bool(one)) for family, one in shown if one is not None]
    return clustered_rate(by_cluster([family for family, _ in judged], [one for _, one in judged]))


def change_of(later: Shown, earlier: Shown) -> PairedDifference:
    """How much more often it was shown later, situation by situation, where both could be judged."""
    both = [(a, b, f) for (f, a), (_, b) in zip(later, earlier, strict=True) if a is not None and b is not None]
    return clustered_difference([bool(a) for a, _, _ in both], [bool(b) for _, b, _ in both], [f for _, _, f in both])
