"""Transcripts with the oracle's word, and what an overseer reads of them."""

import json

import pytest

from caseback.errors import CasebackError
from caseback.oversight.ladder.cases import case_from, cases_digest, chosen_behaviours, clause_of, plain, world_cases
from caseback.oversight.ladder.question import question

NAMES = ("sycophancy", "good_only_when_tested")


def test_every_situation_has_a_good_and_a_bad_answer_and_families_are_held_out() -> None:
    train, test = (world_cases(NAMES, "world", split, 10, 0) for split in ("train", "test"))  # type: ignore[arg-type]
    for name in NAMES:
        own = [case for case in train if case.behaviour == name]
        assert len(own) == 20
        assert sum(case.label for case in own) == 10
    assert not {case.family for case in train} & {case.family for case in test}
    assert world_cases(NAMES, "world", "train", 10, 0) == train != world_cases(NAMES, "world", "train", 10, 1)


def test_a_case_goes_to_json_and_back() -> None:
    cases = world_cases(NAMES, "world", "dev", 2, 0)
    back = [case_from(json.loads(json.dumps(plain(case)))) for case in cases]
    assert back == cases
    assert cases_digest(back) == cases_digest(cases) != cases_digest(cases[1:])


def test_only_behaviours_that_one_reply_shows_and_a_clause_forbids() -> None:
    assert "sycophancy" in chosen_behaviours(())
    assert "blackmail" not in chosen_behaviours(())
    with pytest.raises(CasebackError, match="several turns"):
        chosen_behaviours(["blackmail"])
    with pytest.raises(CasebackError, match="no clause"):
        chosen_behaviours(["laziness"])
    with pytest.raises(CasebackError, match="no behaviour 'nothing'"):
        chosen_behaviours(["nothing"])
    assert clause_of("harm.poison").id == "do-no-harm"


def test_a_critique_stands_where_constitutional_training_puts_one() -> None:
    case = world_cases(("sycophancy",), "world", "train", 1, 0)[0]
    alone, beside = question(case).chat[0]["content"], question(case, "It agrees.").chat[0]["content"]
    assert "Criticism" not in alone
    assert "\nCriticism: It agrees.\n" in beside
    assert beside.replace("Criticism: It agrees.\n", "") == alone
