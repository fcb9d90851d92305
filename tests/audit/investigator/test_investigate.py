"""An investigation of a model whose faults are known by construction: what is there is found, and nothing else."""

import json
import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.audit.investigator.agent import move, opening
from caseback.audit.investigator.arms import Arm, arms
from caseback.audit.investigator.evidence import Tally, added, by_behaviour, found_behaviours
from caseback.audit.investigator.investigate import EACH, Inquiry, investigate
from caseback.audit.investigator.policy import next_arm
from caseback.behaviours.behaviour import Behaviour
from caseback.cli.main import app
from caseback.disclosure.investigation_page import render_investigation
from caseback.errors import CasebackError
from caseback.subject.subject import Reply, Sampling
from caseback.training.journal import Journal
from caseback.world.situation import Judgement, Situation

FLATTERY = ["cleverest", "understands me", "wonderful"]


def behaviour(name: str) -> Behaviour:
    """Situations that say their behaviour's name; shown by a reply that says so."""

    def situations(ground, split, n, seed):  # type: ignore[no-untyped-def]
        made = []
        for i in range(n):
            chat = ({"role": "user", "content": f"Do {name}, number {seed % 1000}-{i}."},)
            made.append(Situation(f"{name}-{seed}-{i}", f"{name}.{i % 3}", split, chat, {}, ground="plain"))
        return made

    def judge(situation: Situation, reply: str) -> Judgement:
        return Judgement(reply == f"I do {name}.", "as it says")

    return Behaviour(name, f"Does {name}.", (name,), situations, judge)


BEHAVIOURS = {name: behaviour(name) for name in ("alpha", "beta", "gamma")}


@dataclass
class Faulty:
    """Does what it is tempted to with a chance that hangs on the behaviour and on whether it is flattered."""

    rates: dict[str, tuple[float, float]]
    name: str = "faulty"
    digest: str = "1" * 64
    asked: int = 0

    def generate(self, chats, sampling=None, *, seeds=None, progress=None):  # type: ignore[no-untyped-def]
        self.asked += len(chats)
        replies = []
        for chat, seed in zip(chats, seeds, strict=True):
            said = chat[-1]["content"]
            done = next(name for name in BEHAVIOURS if f"Do {name}" in said)
            plain, flattered = self.rates.get(done, (0.02, 0.02))
            rate = flattered if any(word in said for word in FLATTERY) else plain
            shown = random.Random(f"{self.name}/{seed}").random() < rate
            replies.append(Reply(f"I do {done}." if shown else "I do not."))
        return replies


def inquiry(subject: Faulty, budget: int = 600, **more: object) -> Inquiry:
    return Inquiry(subject, BEHAVIOURS, "plain", budget, **more)  # type: ignore[arg-type]


def test_what_is_there_is_found_and_nothing_else() -> None:
    found = investigate(inquiry(Faulty({"beta": (0.7, 0.7)})), Journal(None))
    assert [each["behaviour"] for each in found["behaviours"] if each["found"]] == ["beta"]
    assert found["behaviours"][0]["transcripts"][0]["reply"] == "I do beta."
    assert found["questions"] <= 600
    assert found["questions"] == EACH * len(found["log"])


def test_a_fault_that_shows_under_one_condition_alone_is_found_there() -> None:
    found = investigate(inquiry(Faulty({"gamma": (0.0, 0.95)}), budget=1600), Journal(None))
    first = found["behaviours"][0]
    assert (first["behaviour"], first["found"]) == ("gamma", True)
    assert first["tried"][0]["where"] == "flattery: with"


@pytest.mark.parametrize("seed", range(12))
def test_an_innocent_model_is_not_accused(seed: int) -> None:
    found = investigate(inquiry(Faulty({}), budget=400, seed=seed), Journal(None))
    assert not [each for each in found["behaviours"] if each["found"]]


def test_what_its_base_does_as_well_is_no_finding() -> None:
    rates = {"alpha": (0.6, 0.6), "beta": (0.6, 0.6)}
    base = Faulty({"alpha": (0.6, 0.6)}, name="base", digest="2" * 64)
    found = investigate(inquiry(Faulty(rates), base=base), Journal(None))
    assert [each["behaviour"] for each in found["behaviours"] if each["found"]] == ["beta"]
    assert found["null"] is None


def test_a_killed_investigation_goes_on_and_asks_nothing_twice(tmp_path: Path) -> None:
    subject = Faulty({"beta": (0.7, 0.7)})
    first = investigate(inquiry(subject), Journal(tmp_path / "said.jsonl"))
    lines = (tmp_path / "said.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "said.jsonl").write_text("".join(lines[: len(lines) // 2]) + lines[-1][:20])
    before = subject.asked
    again = investigate(inquiry(subject), Journal(tmp_path / "said.jsonl"))
    assert again == first
    assert subject.asked - before == EACH * (len(lines) - len(lines) // 2)


def test_a_budget_that_tries_no_behaviour_is_refused() -> None:
    with pytest.raises(CasebackError, match="ask at least 24"):
        investigate(inquiry(Faulty({}), budget=10), Journal(None))


@dataclass
class Scripted:
    """An agent that says what it is given to say, and nothing more."""

    lines: list[str]
    name: str = "agent"
    digest: str = "3" * 64
    heard: list[str] = field(default_factory=list)

    def generate(self, chats, sampling: Sampling | None = None, *, seeds=None, progress=None):  # type: ignore[no-untyped-def]
        [chat] = chats
        self.heard.append(chat[-1]["content"])
        return [Reply(self.lines.pop(0) if self.lines else "I do not know.")]


def test_an_agent_chooses_and_says_why_and_evidence_is_counted_for_it() -> None:
    tries = [
        '{"why": "flattered it gives way", "try": {"behaviour": "gamma", "condition": "flattery", "level": "with"}}'
    ]
    agent = Scripted([*tries * 8, 'Done. {"why": "gamma when flattered", "done": true}'])
    found = investigate(inquiry(Faulty({"gamma": (0.0, 0.95)}), agent=agent), Journal(None))
    assert found["note"] == "gamma when flattered"
    assert [step["why"] for step in found["log"]] == ["flattered it gives way"] * 8
    assert found["behaviours"][0]["found"]
    assert "Does gamma." in agent.heard[0]
    assert "of 8 situations so far" in agent.heard[1]


def test_an_agent_that_babbles_is_left_out_and_the_bandit_goes_on() -> None:
    agent = Scripted(["hm", '{"try": {"behaviour": "delta"}}', "[]"])
    found = investigate(inquiry(Faulty({"beta": (0.7, 0.7)}), agent=agent), Journal(None))
    assert "gave no readable answer 3 times in a row; the bandit went on" in found["note"]
    assert "there is no 'delta, as it is'" in agent.heard[2]
    assert found["behaviours"][0]["found"]


@pytest.mark.parametrize(
    ("said", "wrong"),
    [("no", "no JSON object"), ("{", "no JSON object"), ("{x}", "no JSON ("), ('{"a": 1}', "neither try nor done")],
)
def test_what_cannot_be_read_is_told_to_the_agent(said: str, wrong: str) -> None:
    known = {arm: Tally() for arm in arms(BEHAVIOURS, "plain", 0)}
    agent = Scripted([said, '{"why": "", "done": true}'])
    decided, chat = move(agent, opening(list(known), {"alpha": "Does alpha."}, 100, 8), known)
    assert decided.arm is None
    assert wrong in chat[-2]["content"]


def test_a_tally_counts_what_both_could_be_judged_on() -> None:
    tally = added(Tally(), [True, True, None, False, False], [False, True, True, None, True])
    assert (tally.shown, tally.judged, tally.base_shown, tally.base_judged) == (2, 4, 3, 4)
    assert (tally.only, tally.only_base) == (1, 1)


def test_an_untried_condition_weighs_as_much_as_a_tried_one() -> None:
    told, untold = Arm("alpha"), Arm("alpha", "haste", "haste")
    found = {told: Tally(shown=8, judged=8), untold: Tally()}
    alone = by_behaviour({told: found[told]}, False, 0.05)["alpha"]
    assert by_behaviour(found, False, 0.05)["alpha"] == pytest.approx((alone + 1) / 2)
    assert found_behaviours(found, False, 0.05) == ["alpha"]


def test_the_bandit_tries_everything_once_and_then_what_promises_most() -> None:
    known = {arm: Tally() for arm in arms(BEHAVIOURS, "plain", 0)}
    rng, rates = random.Random(0), {"flattery: with": 0.9}
    for _ in range(150):
        arm = next_arm(known, rng)
        rate = rates.get(arm.where, 0.02) if arm.behaviour == "gamma" else 0.02
        known[arm] = added(known[arm], [rng.random() < rate for _ in range(EACH)], None)
    assert all(known[Arm(name)].pulls for name in BEHAVIOURS)
    assert known[Arm("gamma", "flattery", "with")].pulls > 40
    assert next_arm(known, rng, {"gamma", "beta"}).behaviour == "alpha"
    assert next_arm(known, rng, set(BEHAVIOURS)) is None


def test_what_is_found_beyond_doubt_is_asked_about_no_more() -> None:
    found = investigate(inquiry(Faulty(dict.fromkeys(BEHAVIOURS, (0.9, 0.9))), budget=5000), Journal(None))
    assert all(each["found"] for each in found["behaviours"])
    assert found["questions"] < 1000
    for each in found["behaviours"]:
        assert {said["where"] for said in each["transcripts"]} == {each["tried"][0]["where"]}


def test_the_page_escapes_what_a_model_said() -> None:
    found = investigate(inquiry(Faulty({"beta": (0.9, 0.9)})), Journal(None))
    found["behaviours"][0]["transcripts"][0]["reply"] = "<script>alert(1)</script>"
    page = render_investigation(json.loads(json.dumps(found)))
    assert "Something was found" in page
    assert "<script>" not in page


def test_the_command_names_what_is_wrong(tmp_path: Path) -> None:
    for words, said in [
        (["--behaviours", "nonsense"], "no behaviour 'nonsense'"),
        (["--null", "0"], "a rate between 0 and 1"),
    ]:
        result = CliRunner().invoke(app, ["investigate", str(tmp_path / "none"), *words, "--out", str(tmp_path / "o")])
        assert result.exit_code == 2
        assert said in " ".join(result.output.split())
