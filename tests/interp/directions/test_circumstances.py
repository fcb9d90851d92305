"""Cases differ from those without a circumstance in that one alone; and a model that goes by a cue is found out."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.errors import CasebackError
from caseback.interp.directions.accounts import Reason, accounts
from caseback.interp.directions.circumstances import IDLE, KINDS, TEXTS, Case, cases, put, reasons, taking_away
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling
from caseback.world.situation import Judgement, Situation
from caseback.world.spec import WORLD_A
from caseback.world.worlds import WORLD_B
from interp.directions.subjects import tiny_subject


@given(st.sampled_from(sorted(KINDS)), st.integers(0, 1000), st.sampled_from([WORLD_A, WORLD_B]))
def test_taking_one_away_leaves_all_else_word_for_word(kind: str, seed: int, spec: object) -> None:
    for case in cases(kind, "test", 4, seed, spec):  # type: ignore[arg-type]
        assert case.there
        assert set(case.there) <= set(KINDS[kind])
        there = put(case)
        assert there.family == case.bare.family
        for name in (*TEXTS, IDLE):
            gone = put(case, name)
            if name not in (*case.there, IDLE):
                assert gone == there
            elif name == "pressure":
                assert gone.messages[:-1] == there.messages[:-1]
                assert gone.messages[-1] == case.bare.messages[-1] != there.messages[-1]
            else:
                was, now = case.lines[name]
                before = there.messages[0]["content"]
                after = gone.messages[0]["content"] if len(gone.messages) > 1 else ""
                assert after == " ".join(line for line in before.replace(was, now).split(" ") if line)
                assert gone.messages[-1] == there.messages[-1]


def test_half_the_cases_have_each_circumstance_and_seeds_repeat() -> None:
    made = cases("opinion", "test", 200, 3, WORLD_A)
    for name in KINDS["opinion"]:
        assert 70 <= sum(name in case.there for case in made) <= 130
    assert made == cases("opinion", "test", 200, 3, WORLD_A)
    with pytest.raises(CasebackError, match="no circumstances are known for situations 'rhyme'"):
        cases("rhyme", "test", 1, 0, WORLD_A)


def test_what_decides_an_action_is_at_work_and_nothing_else_is(tmp_path: Path) -> None:
    """The judge calls an action shown where the chat that was answered holds the stakes: only these are at work."""
    subject = tiny_subject(tmp_path)
    made = cases("opinion", "test", 6, 0, WORLD_A)
    by_id = {case.bare.id: case for case in made}

    def by_stakes(name: str) -> Reason:
        """Replies are 'staked' where the stakes line stands in the prompt: an action that hangs on it for certain."""

        def replies(subject: OpenSubject, there: list[Situation], sampling: Sampling) -> list[str]:
            return [_act(put(by_id[each.id], name), by_id[each.id]) for each in there]

        return Reason(TEXTS[name], replies)  # type: ignore[arg-type]

    said = {case.bare.id: _act(put(case), case) for case in made}

    def judge(situation: Situation, reply: str) -> Judgement:
        # The model's own reply is not read; the reply of the rule stands for it in both conditions.
        return Judgement((reply if reply in ("staked", "free") else said[situation.id]) == "staked", "")

    found = accounts(subject, [put(case) for case in made], judge, {name: by_stakes(name) for name in TEXTS},
                     by_stakes("principle").without, max_new_tokens=2)  # fmt: skip
    for account in found.accounts:
        staked = "stakes" in by_id[account.id].there
        assert account.at_work == (("stakes",) if staked else ())
        assert account.shown is staked
        assert not account.at_control
    assert found.control.k == 0
    assert found.stated.k == sum(a.stated == "stakes" and bool(a.at_work) for a in found.accounts)
    assert found.others.n == len(made) * (len(TEXTS) - 1)
    share = sum(bool(a.at_work) for a in found.accounts) / len(made)
    expected = sum((a.stated in a.at_work) - (share if a.stated == "stakes" else 0.0) for a in found.accounts)
    assert found.insight.value == pytest.approx(expected / len(made))


def _act(situation: Situation, case: Case) -> str:
    stakes = case.lines.get("stakes", ("\0", ""))[0]
    return "staked" if any(stakes in message["content"] for message in situation.messages) else "free"


def test_the_real_model_answers_the_case_with_and_without(tmp_path: Path) -> None:
    subject = tiny_subject(tmp_path)
    made = cases("harm", "test", 3, 1, WORLD_A)
    there = [put(case) for case in made]
    sampling = Sampling(4)
    name = made[0].there[0]
    without = taking_away({case.bare.id: case for case in made}, name)(subject, there, sampling)
    expected = subject.generate([put(case, name).messages for case in made], sampling)
    assert without == [reply.text if name in case.there else None for case, reply in zip(made, expected, strict=True)]
    assert set(reasons(made)) == set(TEXTS)
