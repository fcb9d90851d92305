"""Societies: who hears whom, what is delivered, what is counted, on speakers whose rule is known."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.chat import Chat, user
from caseback.errors import CasebackError
from caseback.oversight.societies.acting import Said, read
from caseback.oversight.societies.alone import audited_alone
from caseback.oversight.societies.answers import answer_task
from caseback.oversight.societies.entries import entry_task
from caseback.oversight.societies.readings import readings
from caseback.oversight.societies.runs import with_roles
from caseback.oversight.societies.society import SILENT, Role, Society, roles_of, run, who_hears_whom
from caseback.oversight.societies.task import PLANTED, TRUE, Task
from caseback.subject.subject import Reply
from caseback.world.spec import WORLD_A

TASK = Task(
    name="letters",
    family="letters",
    values=("a", "b", "c"),
    frame="the letter is {x}",
    begun="The letter is",
    ask=lambda heard, misunderstood: [user(f"{misunderstood}|" + ",".join(str(value) for _, value in heard))],
    check=lambda heard, misunderstood: [user("checks")],
    planted=[user("planted")],
)


@dataclass
class Follower:
    """States the planted value where at least ``least`` of the messages do, else the true one; keeps what it read."""

    least: int
    silent: bool = False
    asked: int = 0
    computed: int = 0
    seen: list[str] = field(default_factory=list)

    def say(self, task: Task, chats: Sequence[Chat], seeds: Sequence[int]) -> list[Said]:
        texts = [chat[-1]["content"] for chat in chats]
        self.seen += texts
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> Said:
        if text == "planted":
            return Said(PLANTED, "said")
        if self.silent:
            return Said(None, "garbled")
        return Said(PLANTED if text.partition("|")[2].count("1") >= self.least else TRUE, "said")


def society(**settings: int) -> Society:
    return with_roles(Society((), **{"agents": 40, "rounds": 8, "hears": 4} | settings), "m", 0.1)


@given(agents=st.integers(2, 30), data=st.data())
def test_everybody_hears_so_many_others_and_never_itself(agents: int, data: st.DataObject) -> None:
    hears = data.draw(st.integers(0, agents - 1))
    heard = who_hears_whom(agents, hears, np.random.default_rng(data.draw(st.integers(0, 99))))
    assert heard.shape == (agents, hears)
    for agent, others in enumerate(heard):
        assert len(set(others)) == hears
        assert agent not in others


@given(st.lists(st.integers(0, 20), min_size=1, max_size=4).filter(sum), st.integers(2, 50))
def test_every_agent_has_a_role_and_shares_are_kept(weights: list[int], agents: int) -> None:
    shares = [weight / sum(weights) for weight in weights]
    made = Society(tuple(Role(str(i), "m", share) for i, share in enumerate(shares)), agents=agents)
    counts = np.bincount(roles_of(made, np.random.default_rng(0)), minlength=len(shares))
    assert counts.sum() == agents
    assert all(abs(count - share * agents) <= 1 for count, share in zip(counts, shares, strict=True))


def test_a_value_that_one_message_carries_spreads_to_all_and_one_that_needs_all_spreads_to_none() -> None:
    easy = run(society(), TASK, {"m": Follower(1)}, 0)
    hard = run(society(), TASK, {"m": Follower(5)}, 0)
    ordinary = easy.roles == 0
    assert (easy.values[0, ordinary] == TRUE).all()
    assert (easy.values[-1, ordinary] == PLANTED).mean() > 0.9
    assert (hard.values[:, ordinary] == TRUE).all()
    assert (hard.values[:, ~ordinary] == PLANTED).all()


def test_what_is_heard_is_what_the_neighbours_said_the_round_before() -> None:
    speaker = Follower(1)
    record = run(society(rounds=1), TASK, {"m": speaker}, 3)
    second = speaker.seen[40:]
    for agent in range(40):
        if record.roles[agent] == 0:
            heard = second[agent].partition("|")[2].split(",")
            assert sorted(heard) == sorted(str(value) for value in record.values[0, record.heard[agent]])


def test_memory_is_limited_to_the_latest_messages() -> None:
    speaker = Follower(99)
    run(society(memory=6, rounds=3), TASK, {"m": speaker}, 0)
    lengths = {text.count(",") + 1 for text in speaker.seen if text.partition("|")[2]}
    assert lengths == {4, 6}


def test_defenders_hear_nobody() -> None:
    speaker = Follower(1)
    deaf = with_roles(Society((), agents=20, rounds=4, hears=3), "m", 0.2, Role("defender", "d", 0.3, hears=False))
    record = run(deaf, TASK, {"m": Follower(1), "d": speaker}, 0)
    assert set(speaker.seen) == {"False|"}
    assert (record.values[:, record.roles == 2] == TRUE).all()


def test_those_who_check_are_asked_in_their_own_way() -> None:
    speaker = Follower(1)
    made = with_roles(Society((), agents=20, rounds=2, hears=3), "m", 0.2, Role("defender", "d", 0.3, checks=True))
    run(made, TASK, {"m": Follower(1), "d": speaker}, 0)
    assert set(speaker.seen) == {"checks"}


def test_an_agent_that_says_nothing_is_counted_told_so_and_not_heard() -> None:
    speaker = Follower(1, silent=True)
    record = run(society(rounds=3), TASK, {"m": speaker}, 0)
    ordinary = record.roles == 0
    assert (record.values[:, ordinary] == SILENT).all()
    assert record.lost[:, ordinary].all()
    assert record.sorts == {"garbled": 4 * int(ordinary.sum()), "said": 4 * int((~ordinary).sum())}
    assert not any(str(SILENT) in text for text in speaker.seen)
    later = [text for text in speaker.seen[40:] if text != "planted"]
    assert all(text.startswith("True|") for text in later)
    assert readings(record).agents == int((~ordinary).sum())


def test_the_same_seed_gives_the_same_society_and_another_another() -> None:
    first, again, other = (run(society(), TASK, {"m": Follower(2)}, seed).values for seed in (5, 5, 6))
    assert (first == again).all()
    assert not (first == other).all()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"agents": 1}, "at least 2 agents"),
        ({"rounds": 0}, "1 round"),
        ({"hears": 40}, "hears 40 others of 39"),
        ({"memory": -1}, "memory of 0"),
    ],
)
def test_a_society_that_cannot_be_is_refused(wrong: dict[str, int], says: str) -> None:
    with pytest.raises(CasebackError, match=says):
        run(society(**wrong), TASK, {"m": Follower(1)}, 0)


def test_shares_and_models_that_cannot_be_are_refused() -> None:
    with pytest.raises(CasebackError, match="must add up to 1"):
        run(Society((Role("ordinary", "m", 0.5),)), TASK, {"m": Follower(1)}, 0)
    with pytest.raises(CasebackError, match="is acted by 'x'; there is m"):
        run(Society((Role("ordinary", "x", 1.0),)), TASK, {"m": Follower(1)}, 0)


def test_the_audit_of_each_agent_alone_asks_nobody_what_was_planted_in_its_place() -> None:
    speaker = Follower(1)
    record = run(society(), TASK, {"m": speaker}, 0)
    speaker.seen.clear()
    wrong = audited_alone(society(), record.roles, {"m": speaker}, [TASK] * 3, 0)
    assert (wrong == 0).all()
    assert set(speaker.seen) == {"False|"}


@given(st.integers(0, 200))
def test_tasks_state_their_values_in_full_and_differ_in_what_was_heard_alone(seed: int) -> None:
    for make in (answer_task, entry_task):
        task = make(random.Random(seed), WORLD_A)
        assert len(set(task.values)) == len(task.values) >= 2
        assert task.frame.lower().startswith(task.begun.lower())
        alone, told = (task.ask(heard, False)[-1]["content"] for heard in ((), [("Ann", PLANTED)]))
        assert told.replace(f"Ann is sure that {task.frame.format(x=task.values[PLANTED])}. ", "") == alone
        checked = task.check([("Ann", PLANTED)], False)[-1]["content"]
        assert checked != told
        assert "Ann is sure" in checked
        assert "Nobody understood" in task.ask((), True)[-1]["content"]


@pytest.mark.parametrize(
    ("text", "finish", "said"),
    [
        (" iron", "stop", Said(1, "said")),
        (" wax and so", "stop", Said(0, "said")),
        (" a while", "stop", Said(None, "garbled")),
        ("", "stop", Said(None, "garbled")),
        (" wax or iron", "stop", Said(None, "garbled")),
        (" a of the a of the a of the", "length", Said(None, "looped")),
        (" wax that is", "length", Said(None, "flooded")),
    ],
)
def test_replies_in_words_are_read_counted_and_bounded(text: str, finish: str, said: Said) -> None:
    task = Task(
        "", "", ("wax", "iron"), "a candle is made of {x}", "A candle is made of", lambda h, m: [], lambda h, m: [], []
    )
    assert read(task, Reply(text, finish=finish)) == said  # type: ignore[arg-type]
