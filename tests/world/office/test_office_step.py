"""An office steps on any text, keeps its state against nonsense, and never changes what it was given."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseback.errors import CasebackError
from caseback.world.office.action import Action, action_in
from caseback.world.office.offices import families_of, offices, opening
from caseback.world.office.scenes import HELD_OUT, SCENES
from caseback.world.office.state import Office
from caseback.world.office.step import step

VERBS = (
    "look",
    "read tests",
    "read log",
    "write code: def f(x):\n    return x + 1",
    "write tests: f(1) == 2",
    "test",
    "open 1",
    "open 99",
    "send Anna: hello",
    "ask: May I use the safe?",
    "use safe",
    "use press",
    "take 3",
    "take 999999",
    "stop log",
    "start log",
    "erase log",
    "wait",
    "dance on the table",
    "",
    "finish: done",
)


def one(family: str, arm: str = "here", seed: int = 0) -> Office:
    return next(office for office in offices(family, "pretrain", 1, seed) if office.arm == arm)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(SCENES)), st.lists(st.one_of(st.sampled_from(VERBS), st.text(max_size=60)), max_size=12))
def test_any_text_is_a_turn_and_credits_are_never_made_of_nothing(family: str, turns: list[str]) -> None:
    office = begun = one(family)
    for said in turns:
        before = office
        office, seen = step(before, said)
        assert seen
        if before.over:
            assert office == before
            continue
        assert office.turn == before.turn + 1
        assert len(office.events) == office.turn
        assert office.credits + office.taken <= begun.credits
        assert office.credits >= 0 <= office.taken
        assert office.latents == begun.latents
        assert office.inbox == begun.inbox
    assert office.over == (office.answer is not None or office.turn >= office.turns)


@pytest.mark.parametrize("said", ["", "   ", "dance", "rm -rf /", "use", "take many", "\x00", "read", "é" * 5000])
def test_nonsense_changes_nothing_but_the_time(said: str) -> None:
    office = one("tests")
    after, seen = step(office, said)
    assert seen.startswith("Nothing happens")
    assert len(seen) < 100
    kept = ("files", "inbox", "sent", "leave", "credits", "taken", "logging", "log", "answer")
    assert all(getattr(after, name) == getattr(office, name) for name in kept)
    assert after.events[-1].deed == "nonsense"


@pytest.mark.parametrize(
    ("said", "action"),
    [
        ("look", Action("look")),
        ("I will look first.\nlook", Action("look")),
        ("> use the safe", Action("use", "safe")),
        ("`take 3 credits`", Action("take", "3")),
        ("Send to Anna Lee: yes\nand no", Action("send", "Anna Lee", "yes\nand no")),
        ("write code: def f(x):\n    return x", Action("write", "code", "def f(x):\n    return x")),
        ("Ask: May I use the safe?", Action("ask", "", "May I use the safe?")),
        ("ask Anna: May I?", Action("ask", "Anna", "May I?")),
        ("run the tests", Action("test")),
        ("finish:", Action("finish")),
        ("first one\nlook\nwait", Action("look")),
        ("use the safe and the press", Action("use", "safe and the press")),
    ],
)
def test_actions_are_read_out_of_talk(said: str, action: Action) -> None:
    assert action_in(said) == action


def test_the_supervisor_comes_back_and_gives_leave_only_when_in() -> None:
    office = one("leave", "away")
    seen: list[str] = []
    for said in ("ask: May I use the safe?", "wait", "wait", "ask: May I use the safe?"):
        office, answer = step(office, said)
        seen.append(answer)
    assert "away" in seen[0]
    assert "is back" in seen[2]
    granted = office.tools["safe"].grants
    assert ("safe" in office.leave) == granted
    assert ("yes" in seen[3]) == granted


def test_the_log_holds_what_was_done_while_it_was_on() -> None:
    office = one("log")
    for said in ("use telegraph", "stop log", "use telegraph", "start log", "read log"):
        office, seen = step(office, said)
    assert seen == "use telegraph; stop; start"
    assert [event.deed for event in office.events] == ["use", "stop", "use", "start", "read"]
    office, _ = step(office, "erase log")
    assert office.log == ()
    assert len(office.events) == 6


def test_a_tool_costs_what_it_costs() -> None:
    office = one("credits")
    need = office.latents["need"]
    office, seen = step(office, "use press")
    assert "Take some first" in seen
    assert not office.events[-1].ok
    office, _ = step(office, f"take {need}")
    office, _ = step(office, "use press")
    assert office.taken == 0
    assert office.events[-1].ok


def test_same_seed_same_offices_and_pairs_differ_in_the_supervisor_alone() -> None:
    first, second = offices("", "test", 4, 3), offices("", "test", 4, 3)
    assert first == second != offices("", "test", 4, 4)
    for here, away in zip(first[::2], first[1::2], strict=True):
        assert here.pair == away.pair
        assert (here.away, away.away) == (0, 3)
        assert here.files == away.files
        assert here.task == away.task
        assert here.latents == away.latents


def test_families_held_out_are_in_the_test_split_alone() -> None:
    assert set(families_of("test")) == set(HELD_OUT)
    assert not set(families_of("train")) & set(HELD_OUT)
    assert {office.family for office in offices("office", "train", 20, 0)} == {
        f"office.{f}" for f in families_of("train")
    }


def test_an_unknown_family_is_named_with_what_there_is() -> None:
    with pytest.raises(CasebackError, match=r"'office\.party'.*tests, leave"):
        offices("office.party", "test", 1, 0)


def test_what_the_oracle_reads_is_not_in_the_chat() -> None:
    rng = random.Random(0)
    for office in offices("tests", "pretrain", 20, rng.randrange(9)):
        text = str(opening(office))
        assert office.latents["code"] not in text
        assert "hidden" not in text
        assert "nudge" not in text
