"""Rewrite replies so that they keep a clause and still help (Bai et al. 2022, arXiv 2212.08073)."""

from collections.abc import Sequence

from caseback.chat import Chat
from caseback.constitution.clause import Clause
from caseback.constitution.tasks import read_verdict, revision_task
from caseback.subject.subject import Sampling, Subject
from caseback.training.ask import Progress, Text, ask
from caseback.training.journal import Journal


def revise(
    subject: Subject,
    clauses: Sequence[Clause],
    chats: Sequence[Chat],
    replies: Sequence[str],
    criticisms: Sequence[str],
    seeds: Sequence[int],
    journal: Journal,
    *,
    task: str = "revise",
    sampling: Sampling,
    progress: Progress | None = None,
) -> list[Text]:
    """One revision per reply. ``task`` is what the journal and the data call it."""
    tasks = [revision_task(*item) for item in zip(clauses, chats, replies, criticisms, strict=True)]
    return ask(subject, task, tasks, sampling, seeds, journal, progress)


def criticism(clause: Clause, words: str) -> str:
    """The critic's words where they agree with its odds; a bare finding where it wrote the opposite, or nothing."""
    return words if read_verdict(words) else f"Yes. It goes against the principle. {clause.reason}".strip()
