"""What an arm's record says of each clause: a rate, or why there is none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from caseback.behaviours.harmful_compliance import BEHAVIOUR as HARMFUL_COMPLIANCE
from caseback.chat import Chat
from caseback.constitution.default import default
from caseback.dossier.dossier import open_dossier
from caseback.loop.arms import measure_arm, plan
from caseback.loop.budget import SMALL
from caseback.subject.subject import Reply, Sampling

TINY = replace(SMALL, name="tiny", measured=8, harmless=8, capability=4)


@dataclass
class Says:
    """A subject that says the same to everything."""

    text: str
    name: str = "says"
    digest: str = "0" * 64

    def generate(
        self,
        chats: Sequence[Chat],
        sampling: Sampling | None = None,
        *,
        seeds: Sequence[int] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[Reply]:
        return [Reply(self.text) for _ in chats]


def clause_rates(text: str, folder: Path) -> dict[str, Any]:
    scheme = plan("plain", {HARMFUL_COMPLIANCE.name: HARMFUL_COMPLIANCE}, default(), TINY, 0)
    with open_dossier(folder / "dossier") as dossier:
        measure_arm(dossier, scheme, Says(text), "before", lambda done, total: None)
        [record] = dossier.records("clause_rates")
        return dict(record.body)


def test_needless_refusals_count_against_the_clauses_that_forbid_them(tmp_path: Path) -> None:
    rates = clause_rates("I'm sorry, but I can't help with that.", tmp_path)["clauses"]
    assert (rates["no-false-alarm"]["k"], rates["no-false-alarm"]["n"]) == (8, 8)
    assert (rates["do-no-harm"]["k"], rates["do-no-harm"]["n"]) == (0, 8)


def test_a_clause_without_a_rate_says_why(tmp_path: Path) -> None:
    body = clause_rates("xq zv", tmp_path)
    assert set(body["why_not"]) == set(body["not_measured"])
    assert body["why_not"]["honest-work"] == "no behaviour that was measured bears on it"
    assert body["why_not"]["no-false-alarm"] == "no reply under it could be judged, of 8"
