"""What detectors that read only text say of exchanges, with none of them able to stop the writer."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from caseback.detectors.faults import RESTS, SILENT, SLOW
from caseback.detectors.scored import Scored
from caseback.detectors.transcript import Transcript
from caseback.watch.exchange import Exchange, transcript
from caseback.watch.verdict import Verdict
from caseback.watch.watching import Watching, verdict, verdict_from

BEHIND = "cannot read activations behind a proxy"
OVER = "not scored: the journal was over its bound"
REST = 10
"""A detector that took too long rests for so many times what it may take."""


@dataclass(frozen=True)
class Job:
    """A detector to be asked about an exchange."""

    exchange: int
    watching: Watching
    transcript: Transcript


class Scorer:
    """Asks the detectors in a thread of its own; one that takes too long is left there, and a new thread goes on."""

    def __init__(self, watching: Sequence[Watching], slowest: float, now: Callable[[], float] = time.monotonic) -> None:
        """``slowest``: seconds that a detector may take for an exchange."""
        self.watching, self.slowest, self.now = tuple(watching), slowest, now
        self._resting: dict[str, float] = {}
        self._stuck: dict[str, _Lane] = {}

    def verdicts(self, exchanges: Sequence[Exchange], *, score: bool = True) -> list[tuple[Verdict, ...]]:
        """Of each exchange the gateway's verdicts and, after them, one of every other detector: its score, or why not.

        Of what the gateway refused there is none: it reached no model. Without ``score`` nobody is asked.
        """
        made: list[dict[str, Verdict]] = [
            {} if each.ended == "refused" else {said.digest: said for said in each.verdicts} for each in exchanges
        ]
        jobs: list[Job] = []
        for at, exchange in enumerate(exchanges):
            if exchange.ended == "refused":
                continue
            read, why = _transcript(exchange)
            for each in self.watching:
                if each.digest in made[at]:
                    continue
                reason = why or _not_here(each) or ("" if score else OVER)
                if read is None or reason:
                    made[at][each.digest] = verdict_from(each, Scored(None, reason))
                else:
                    jobs.append(Job(at, each, read))
        for job, said in self._asked(jobs):
            made[job.exchange][job.watching.digest] = said
        return [tuple(each.values()) for each in made]

    def _asked(self, jobs: Sequence[Job]) -> list[tuple[Job, Verdict]]:
        answers: list[tuple[Job, Verdict]] = []
        left = list(jobs)
        while left:
            resting = {each for each in {job.watching.digest for job in left} if self._rests(each)}
            why = f"{RESTS}: it took longer than {self.slowest:g} s"
            for job in left:
                if job.watching.digest in resting:
                    answers.append((job, verdict_from(job.watching, Scored(None, why))))
            lane = _Lane([job for job in left if job.watching.digest not in resting])
            done = lane.wait(self.slowest)
            answers += zip(lane.jobs, done, strict=False)
            left = list(lane.jobs[len(done) :])
            if left:
                late, *left = left
                self._stuck[late.watching.digest] = lane
                self._resting[late.watching.digest] = self.now() + REST * self.slowest
                scored = Scored(None, f"{SLOW} {self.slowest:g} s")
                answers.append((late, verdict_from(late.watching, scored, self.slowest * 1e6)))
        return answers

    def _rests(self, digest: str) -> bool:
        if digest in self._stuck and not self._stuck[digest].thread.is_alive():
            del self._stuck[digest]
        return digest in self._stuck or self.now() < self._resting.get(digest, 0.0)


@dataclass
class _Lane:
    """Jobs that a thread does in order, until it is left."""

    jobs: Sequence[Job]
    verdicts: list[Verdict] = field(default_factory=list)
    left: bool = False

    def __post_init__(self) -> None:
        self.begun, self.changed = time.monotonic(), threading.Condition()
        self.thread = threading.Thread(target=self._work, name="detectors", daemon=True)
        if self.jobs:
            self.thread.start()

    def wait(self, slowest: float) -> list[Verdict]:
        """The verdicts, all of them, or those before the job that took longer than ``slowest`` seconds."""
        with self.changed:
            while len(self.verdicts) < len(self.jobs):
                remaining = self.begun + slowest - time.monotonic()
                if remaining <= 0:
                    self.left = True
                    break
                self.changed.wait(remaining)
            return list(self.verdicts)

    def _work(self) -> None:
        for job in self.jobs:
            said = verdict(job.watching, job.transcript)
            with self.changed:
                if self.left:
                    return
                self.verdicts.append(said)
                self.begun = time.monotonic()
                if len(self.verdicts) == len(self.jobs):
                    self.changed.notify()


def _transcript(exchange: Exchange) -> tuple[Transcript | None, str]:
    try:
        return transcript(exchange), ""
    except Exception as error:  # whatever a hostile request holds, it is kept, and told as not read
        return None, str(error)[:300] or type(error).__name__


def _not_here(watching: Watching) -> str:
    """Why the writer cannot ask this detector; empty where it can."""
    if watching.detector.needs == "activations":
        return BEHIND
    return SILENT if watching.policy in ("hold", "stop") else ""
