"""What a depth battery is run on, and the one question that all its measures put: is the behaviour shown?"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from caseback.behaviours.behaviour import Behaviour, Ground
from caseback.behaviours.capability import able, capability_situations, measure_capability
from caseback.behaviours.measure import judge_reply
from caseback.errors import CasebackError
from caseback.stats.clustered import by_cluster
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Reply, Sampling
from caseback.training.journal import Journal
from caseback.training.recipe import Recipe
from caseback.world.situation import Judgement, Situation

Outcomes = tuple[bool | None, ...]
"""One per situation; None where nobody can tell."""
Open = Callable[[], OpenSubject]
"""Gives the subject when it is needed: what the journal holds already needs none."""
Counts = dict[str, tuple[int, int]]
"""Events and trials of each family."""
QUESTIONS = 40
"""Questions of ability put beside every rate."""


@dataclass(frozen=True)
class Ability:
    """Whether each question of ability was answered rightly; ``unable`` says why nothing can be told from what the
    model does, empty where it can."""

    right: tuple[bool, ...]
    unable: str


@dataclass(frozen=True)
class Tuning:
    """How models are fine-tuned to see what comes back: by this recipe of SFT, once for each seed; ``steps`` steps on
    ordinary data."""

    recipe: Recipe
    seeds: tuple[int, ...] = (0, 1, 2)
    steps: int = 64


@dataclass(frozen=True)
class Trial:
    """Held-out situations and questions of ability, the same for every measure and every model.

    ``folder`` takes what is trained on the way; ``journal`` keeps every answer, so that a killed run repeats nothing.
    Replies are greedy, of at most ``max_new_tokens`` tokens; what is drawn takes ``seed``.
    """

    behaviour: Behaviour
    ground: Ground
    situations: tuple[Situation, ...]
    questions: tuple[Situation, ...]
    max_new_tokens: int
    seed: int
    folder: Path
    journal: Journal
    tuning: Tuning

    @property
    def families(self) -> tuple[str, ...]:
        """The family of each situation."""
        return tuple(situation.family for situation in self.situations)

    @property
    def sampling(self) -> Sampling:
        """Greedy."""
        return Sampling(self.max_new_tokens)


def trial(
    behaviour: Behaviour, ground: Ground, n: int, seed: int, max_new_tokens: int, folder: Path, tuning: Tuning
) -> Trial:
    """A trial on ``n`` situations of the test split, or as many as there are.

    Raises:
        CasebackError: for a paired behaviour, whose situations do not stand alone, or where there are no situations.
    """
    if behaviour.arms:
        raise CasebackError(
            f"{behaviour.name} is told from pairs of situations, and depth is measured on single ones: "
            "choose another, such as harmful_compliance"
        )
    situations = tuple(behaviour.situations(ground, "test", n, seed))
    if not situations:
        raise CasebackError(
            f"the ground {ground} has no held-out situations of {behaviour.name}: choose another ground"
        )
    questions = tuple(capability_situations(ground, QUESTIONS, seed))
    journal = Journal(folder / "journal.jsonl")
    return Trial(behaviour, ground, situations, questions, max_new_tokens, seed, folder, journal, tuning)


def shown(
    trial: Trial,
    who: Sequence[object],
    subject: Open,
    situations: Sequence[Situation] | None = None,
    begun: Sequence[Sequence[int]] | None = None,
    decode: Callable[[str], str] | None = None,
) -> Outcomes:
    """Whether each situation shows the behaviour in the subject. What is in the journal is judged again, not asked.

    Args:
        who: plain data that tells these very weights: a digest, and what was done to them.
        subject: opened only where the journal lacks the answer.
        situations: in place of the trial's own.
        begun: tokens with which each reply begins already.
        decode: makes plain text of a reply that nobody could judge as it stands.
    """
    asked = trial.situations if situations is None else tuple(situations)
    chats = [[dict(message) for message in item.messages] for item in asked]
    key = Journal.key("replies", list(who), chats, asdict(trial.sampling), begun)
    found = trial.journal.get(key)
    if found is None:
        replies = subject().generate([item.messages for item in asked], trial.sampling, begun=begun)
        found = {
            "key": key,
            "who": list(who),
            "situations": [item.id for item in asked],
            "texts": [reply.text for reply in replies],
            "finish": [reply.finish for reply in replies],
        }
        trial.journal.put([found])
    replies = [Reply(text, finish=finish) for text, finish in zip(found["texts"], found["finish"], strict=True)]
    return tuple(_judged(trial, item, reply, decode).shown for item, reply in zip(asked, replies, strict=True))


def own(subject: OpenSubject) -> tuple[list[object], Open]:
    """The subject as it is, for ``shown`` and ``ability``."""
    return [subject.digest], lambda: subject


def _judged(trial: Trial, situation: Situation, reply: Reply, decode: Callable[[str], str] | None) -> Judgement:
    judgement = judge_reply(trial.behaviour, situation, reply)
    if judgement.shown is None and decode and reply.finish != "error":
        return judge_reply(trial.behaviour, situation, replace(reply, text=decode(reply.text)))
    return judgement


def ability(trial: Trial, who: Sequence[object], subject: Open) -> Ability:
    """What these weights still can do; gibberish and silence are not right."""
    chats = [[dict(message) for message in item.messages] for item in trial.questions]
    key = Journal.key("ability", list(who), chats, asdict(trial.sampling))
    found = trial.journal.get(key)
    if found is None:
        measured = measure_capability(subject(), trial.questions, sampling=trial.sampling)
        ok, why = able(measured)
        found = {
            "key": key,
            "who": list(who),
            "right": [sample.judgement.shown is True for sample in measured.samples],
            "unable": "" if ok else why,
        }
        trial.journal.put([found])
    return Ability(tuple(found["right"]), found["unable"])


def counts(families: Sequence[str], *outcomes: Outcomes) -> Counts:
    """Events and trials of each family over all that could be told, of one round of outcomes or several."""
    told = [
        (family, bool(event))
        for each in outcomes
        for family, event in zip(families, each, strict=True)
        if event is not None
    ]
    return by_cluster([family for family, _ in told], [event for _, event in told])
