"""Panels before judges and debaters whose ways are known."""

import json
import math
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.disclosure.oversight.panels_page import render_panels
from caseback.errors import CasebackError
from caseback.oversight.panels.arguing import Argument, argue, criticise
from caseback.oversight.panels.judging import rightly, spoken
from caseback.oversight.panels.protocols import (
    alone,
    assignment,
    chosen,
    consultancy,
    debate,
    majority,
    misplaced,
)
from caseback.oversight.panels.questions import GROUNDS, LINES, questions
from caseback.oversight.panels.study import panels
from caseback.subject.subject import Reply
from caseback.world.reading import mentions


class Credulous:
    """A judge that holds an answer for as likely as it has read it often in its chat."""

    digest, name = "credulous", "credulous"
    model = SimpleNamespace(config=SimpleNamespace(max_position_embeddings=1024))
    format = SimpleNamespace(prompt=lambda chat: SimpleNamespace(ids=chat[0]["content"].split()))

    def score(self, chats, answers):
        read = zip(chats, answers, strict=True)
        return [SimpleNamespace(logprob=c[0]["content"].lower().count(a.lower().rstrip("."))) for c, a in read]


class Repeater(Credulous):
    """A debater that says what it is wished to say; every third of its replies is cut short, and one loops."""

    digest = name = "repeater"

    def wished(self, text):
        """What stands between the last line of the record, or the beginning, and the question."""
        wish = text.rsplit("Record: ", 1)[-1]
        for question in (*questions("records", 42, 3), *questions("records", 42, 0), *questions("facts", 42, 0)):
            for honest in (True, False):
                if question.asked in wish and question.answer(honest)[1:-1] in wish:
                    return question.answer(honest)
        return ""

    def generate(self, chats, sampling, *, seeds=None, progress=None):
        replies = []
        for at, chat in enumerate(chats):
            text = self.wished(chat[-1]["content"])
            if at % 4 == 3:
                text = "no no no no no no no no no no no no no no"
            replies.append(Reply(text, finish="length" if at % 4 == 2 else "stop"))
        return replies


JUDGE, DEBATER = Credulous(), Repeater()


def one_line_each(asked, honest):
    return [Argument(q.answer(honest), q.true if honest else q.document[0]) for q in asked]


@pytest.fixture(scope="module")
def asked():
    return questions("decoys", 42, 3)


def test_documents_hold_the_answer_once_and_a_decoy(asked):
    for question in asked:
        assert len(question.document) == LINES
        assert question.document.count(question.true) == 1
        assert question.false not in question.document
        assert any(question.latents["false"] in line for line in question.document if line != question.true)
    assert len({q.family for q in asked}) == 21


def test_all_grounds_of_records_ask_the_same(asked):
    plain, opened = questions("records", 42, 3), questions("open records", 42, 3)
    assert [(q.asked, q.true, q.false) for q in plain] == [(q.asked, q.true, q.false) for q in asked]
    assert [q.document for q in opened] == [q.document for q in plain]
    assert all(q.open for q in opened)
    assert not any(q.open for q in (*plain, *asked))


def test_without_a_decoy_no_line_has_the_false_value():
    for question in questions("records", 42, 3):
        assert len(question.document) == LINES
        assert question.document.count(question.true) == 1
        assert not any(mentions(line, question.latents["false"]) for line in question.document)


def test_an_unknown_ground_is_named():
    with pytest.raises(CasebackError, match=r"'dreams'.*records, decoys, open records, facts"):
        questions("dreams", 1, 0)


def test_without_a_word_a_judge_that_knows_nothing_abstains(asked):
    assert rightly(alone(JUDGE, asked)) == [None] * len(asked)


def test_one_honest_or_dishonest_consultant_decides(asked):
    sides = {honest: [Argument(q.answer(honest)) for q in asked] for honest in (True, False)}
    assert rightly(consultancy(JUDGE, asked, sides, [True] * 42, True)) == [True] * 42
    assert rightly(consultancy(JUDGE, asked, sides, [False] * 42, True)) == [False] * 42


def test_checked_quotes_decide_a_debate_and_unchecked_ones_do_not(asked):
    """Each side states its answer; the honest quotes the line, the dishonest makes one up."""
    sides = {
        honest: [Argument(q.answer(honest), q.true if honest else q.false) for q in asked] for honest in (True, False)
    }
    assert rightly(debate(JUDGE, asked, sides, True)) == [True] * 42
    assert rightly(debate(JUDGE, asked, sides, False)) == [None] * 42


def test_an_invented_quote_is_left_out_only_where_quotes_are_checked(asked):
    question = asked[0]
    lie = Argument("Trust me.", question.false)
    assert question.false not in spoken(lie, "Anna", question, True)
    assert question.false in spoken(lie, "Anna", question, False)
    assert question.true in spoken(Argument("See.", question.true), "Anna", question, True)


def test_who_tries_hard_gives_what_moves_the_judge_furthest(asked):
    weak, strong = Argument("Hm."), Argument("Yes. " + asked[0].answer(False))
    drawn = [SimpleNamespace(arguments=(weak, strong), unusable=0)]
    assert chosen(JUDGE, asked[:1], drawn, False, 1, True) == [weak]
    assert chosen(JUDGE, asked[:1], drawn, False, 2, True) == [strong]
    assert chosen(JUDGE, asked[:1], [SimpleNamespace(arguments=(), unusable=4)], False, 2, True) == [None]


def test_replies_that_are_cut_short_or_loop_are_counted_and_left_out(asked):
    drawn = argue(DEBATER, asked, True, 3, 0)
    assert [each.unusable for each in drawn] == [2] * len(asked)
    for question, each in zip(asked, drawn, strict=True):
        assert len(each.arguments) == 3
        assert all(a.quote in question.document for a in each.arguments)


def test_a_debater_that_may_invent_quotes_what_it_claims(asked):
    drawn = argue(DEBATER, asked, False, 16, 0, may_invent=True)
    assert any(a.quote == q.false for q, each in zip(asked, drawn, strict=True) for a in each.arguments)


def test_a_hearing_that_does_not_fit_gives_no_odds(asked):
    long = {True: [Argument("word " * 1100)] * 42, False: [None] * 42}
    assert all(math.isnan(each) for each in consultancy(JUDGE, asked, long, [True] * 42, True))
    assert rightly([math.nan, 0.0, 1.0, -1.0]) == [None, None, True, False]


def test_a_criticism_that_never_ended_is_empty(asked):
    assert criticise(DEBATER, asked, [q.answer(True) for q in asked], 0)[2] == ""


@given(st.lists(st.lists(st.floats(-3, 3), min_size=4, max_size=4), min_size=1, max_size=9))
def test_a_majority_is_where_most_votes_are(odds):
    for at, vote in enumerate(majority(odds)):
        votes = [(each[at] > 0) - (each[at] < 0) for each in odds]
        assert vote == sum(votes)


def test_a_judge_without_odds_has_no_vote():
    assert majority([[math.nan, 1.0], [math.nan, math.nan], [math.nan, 2.0]])[1] == 2
    assert math.isnan(majority([[math.nan], [math.nan]])[0])


def test_half_of_each_family_has_an_honest_consultant(asked):
    honest = assignment(asked, 0)
    for family in {q.family for q in asked}:
        assert sum(h for h, q in zip(honest, asked, strict=True) if q.family == family) == 1


def test_arguments_about_something_else_are_everybody_elses():
    assert misplaced({True: [1, 2, 3], False: [4, 5, 6]}) == {True: [2, 3, 1], False: [5, 6, 4]}


@pytest.fixture(scope="module")
def study():
    return panels({"one": JUDGE, "two": JUDGE}, DEBATER, {"three": JUDGE}, 42, 0, 4)


def test_a_study_has_every_protocol_for_every_judge_and_counts_abstentions(study):
    rows = {(r["ground"], r["judge"], r["protocol"]): r for r in study["rows"]}
    told = rows["records", "one", "alone"]
    assert (told["n"], told["abstained"], told["accuracy"]) == (0, 42, None)
    assert rows["records", "two", "shown the one line"]["k"] == 42
    assert rows["records", "one", "majority of 3, each alone"]["abstained"] == 42
    assert rows["records", "one", "honest only, best of 4"]["accuracy"] == 1
    assert rows["records", "one", "dishonest only, best of 1"]["accuracy"] == 0
    assert {r["ground"] for r in study["rows"]} == set(GROUNDS)
    assert not any(r["protocol"].startswith("debate, quotes") for r in study["rows"] if r["ground"] == "facts")
    assert json.loads(json.dumps(study, allow_nan=False)) == study


def test_a_study_has_a_page(study):
    page = render_panels(study)
    assert "Panels before a weak judge" in page
    assert "cannot tell" in page


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"judges": {}}, "needs a judge"),
        ({"hard": 1}, "no choice"),
        ({"voters": {"one": DEBATER}}, "two models are called 'one'"),
    ],
)
def test_what_cannot_be_studied_is_refused(given, says):
    with pytest.raises(CasebackError, match=says):
        panels(**{"judges": {"one": JUDGE}, "debater": DEBATER, **given})
