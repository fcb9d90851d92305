"""Whether a clause took hold: planted directions and behaviours come out, and their absence does too."""

from dataclasses import replace

import pytest
import torch
from planted_differences import change, subject

from caseback.chat import user
from caseback.constitution.default import default
from caseback.disclosure.difference_page import clause_charts, render_clause
from caseback.errors import CasebackError
from caseback.interp.difference.behaved import judged
from caseback.interp.difference.clause_cases import CONTRASTS, ClauseCases, clause_cases
from caseback.interp.difference.encodings import ENCODINGS
from caseback.interp.difference.record import clause_data
from caseback.interp.difference.separation import best_layer, mean_difference, projections, random_areas, text_scores
from caseback.interp.difference.taken_hold import last_token, taken_hold
from caseback.subject.subject import Reply
from caseback.world.kinds import kinds
from caseback.world.situation import Judgement, Situation
from caseback.world.spec import WORLD_A

PLANTED = "model.layers.1.mlp.down_proj.weight"


def asked(kind: str, family: str, n: int) -> tuple[Situation, ...]:
    """Requests of one kind; the last word tells it, so that the last tokens of the prompt can see it."""
    word = {"deed": "harm", "chat": "help", "fact": "Ohio"}[kind]
    return tuple(
        Situation(f"{kind}.{family}{i % 3}/{i}", f"{kind}.{family}{i % 3}", "test", (user(f"please {i * 7} {word}"),))
        for i in range(n)
    )


CASES = ClauseCases(
    "no-deed",
    (asked("deed", "train", 12), asked("chat", "train", 12)),
    (asked("deed", "held", 9), asked("chat", "held", 9)),
    asked("fact", "held", 9),
)


def judge(situation: Situation, reply: str) -> Judgement:
    return Judgement(len(reply) % 2 == 0, "")


@pytest.fixture(scope="module")
def found():
    before, after, control = subject("before"), subject("after"), subject("control")
    # Training moves the model along the very direction in which deeds differ from chat, the control at random.
    acts = {sort: last_token(before, part)[:, 1] for sort, part in zip(("deed", "chat"), CASES.train, strict=True)}
    direction = (acts["deed"].mean(0) - acts["chat"].mean(0)).float()
    with torch.no_grad():
        weight = after.model.get_parameter(PLANTED)
        weight += torch.outer(direction / direction.norm(), torch.randn(64, generator=torch.Generator().manual_seed(0)))
    change(control.model, PLANTED, 4, 0.05)
    models = {"before": lambda: before, "after": lambda: after, "control": lambda: control}
    return taken_hold(CASES, models, judge, "rules", max_new_tokens=3)


def test_everything_stands_beside_the_control_and_before(found) -> None:
    assert [each.encoding for each in found.encodings] == ["plain", "spelled out", "rot13"]
    for each in found.encodings:
        assert list(each.arms) == ["before", "after", "control"]
        assert len(each.arms["after"].separation) == len(each.arms["after"].movement) == 4
        assert each.arms["before"].movement == ()
        assert each.text is not None
        assert each.n == 9
    plain = found.encodings[0]
    after, control = plain.arms["after"], plain.arms["control"]
    # Blocks before the change have not moved; behind it the trained model has moved further than the control.
    assert after.movement[0].deciding.value == 0
    assert all(
        a.deciding.value > c.deciding.value > 0 for a, c in zip(after.movement[1:], control.movement[1:], strict=True)
    )
    assert plain.arms["before"].separation[0].cosine == pytest.approx(1.0)


def test_the_data_and_its_page_hold_what_was_found(found) -> None:
    data = clause_data(found)
    assert data["clause"] == "no-deed"
    assert data["encodings"][0]["arms"]["after"]["behaviour"]["rate"]["n"] <= 9
    page = render_clause({**data, "clause": "<b>no\u202e"})
    assert "&lt;b&gt;no⟨U+202E⟩" in page
    assert "<script" not in page
    assert page.count("<svg") == 6
    for sign in found.signs:
        assert sign.name in page
    assert [chart["title"] for chart in clause_charts(data["encodings"][0])] == [
        "Told apart inside",
        "Moved from before",
    ]


def test_a_behaviour_that_was_not_shown_before_could_not_go() -> None:
    before, after = subject("before"), subject("after")
    never = lambda situation, reply: Judgement(False, "")  # noqa: E731
    found = taken_hold(CASES, {"before": lambda: before, "after": lambda: after}, never, "rules", max_new_tokens=2,
                       encodings=["plain"])  # fmt: skip
    signs = {sign.name: sign for sign in found.signs}
    assert signs["behaviour, plain"].holds is None
    # The same model: nothing moved, nothing is told apart better, and none of it is called a sign against.
    assert signs["moved more than unrelated situations, plain"].holds is None
    assert signs["told apart better inside, plain"].holds is None
    assert found.encodings[0].beyond_control is None


def test_situations_beyond_the_context_are_left_out_of_an_encoding_and_refused_in_plain() -> None:
    before, after = subject("before"), subject("after")
    models = {"before": lambda: before, "after": lambda: after}
    long = replace(CASES.held[0][0], messages=(user("harm " * 110),))
    cases = replace(CASES, held=((long, *CASES.held[0][1:]), CASES.held[1]))
    found = taken_hold(cases, models, judge, "rules", max_new_tokens=2)
    assert "leaves no room in the context of 512" in found.encodings[1].why_not
    assert render_clause(clause_data(found)).count("Nothing measured") == 1
    longer = replace(CASES.held[0][0], messages=(user("harm " * 600),))
    with pytest.raises(CasebackError, match="clause no-deed: a prompt of"):
        taken_hold(replace(CASES, held=((longer,), CASES.held[1])), models, judge, "rules")


def test_a_planted_direction_is_found_at_its_layer_and_random_ones_are_worse() -> None:
    generator = torch.Generator().manual_seed(0)
    positive, negative = (torch.randn(40, 5, 16, generator=generator) for _ in range(2))
    positive[:, 3, 7] += 4.0
    families = [f"f{i % 8}" for i in range(40)]
    assert best_layer(positive, negative, families, families) == 3
    direction = mean_difference(positive[:20, 3], negative[:20, 3])
    assert int(direction.abs().argmax()) == 7
    assert float(direction.norm()) == pytest.approx(1.0)
    scores = projections(torch.cat([positive[20:, 3], negative[20:, 3]]), direction)
    assert min(scores[:20]) > max(scores[20:]) - 3
    areas = random_areas(torch.cat([positive[20:, 3], negative[20:, 3]]), [True] * 20 + [False] * 20, 0)
    assert areas == sorted(areas)
    assert 0.5 <= areas[100] < 0.9


def test_text_alone_tells_what_words_tell() -> None:
    train = [f"{word} {i}" for i in range(10) for word in ("harm", "help")]
    scores = text_scores(train, [True, False] * 10, ["harm 99", "help 98"])
    assert scores[0] > 0 > scores[1]


def test_cases_of_every_clause_keep_families_apart_and_cover_what_it_covers() -> None:
    told, untold = [], []
    for clause in default().clauses:
        try:
            cases = clause_cases(clause, 8, 0, WORLD_A)
        except CasebackError:
            untold.append(clause.id)
            continue
        told.append(clause.id)
        train, held = ({s.family for s in part[0]} for part in (cases.train, cases.held))
        assert not train & held
        assert all(clause.covers(s.family) for s in (*cases.train[0], *cases.held[0]))
        assert not any(clause.covers(s.family) for s in cases.unrelated)
        assert len(held) >= 2
        for part in (*cases.train, *cases.held):
            assert len({s.messages[-1]["content"] for s in part}) > 1
    assert {"do-no-harm", "honesty", "true-ability", "honest-work", "no-flattery", "steady-self"} <= set(told)
    # World A has one family of weapons and none of power, so that nothing can be told of those.
    assert {"great-harm", "no-power-grab"} <= set(untold)
    with pytest.raises(CasebackError, match="fewer than two train families of the world fall under the clause"):
        clause_cases(default().clause("great-harm"), 8, 0, WORLD_A)
    with pytest.raises(CasebackError, match="no situations of the world fall under the clause 'no-power-grab'"):
        clause_cases(default().clause("no-power-grab"), 8, 0, WORLD_A)
    assert set(CONTRASTS) == set(kinds())


@pytest.mark.parametrize("name", ENCODINGS)
def test_encodings_can_be_read_back(name: str) -> None:
    situation = asked("deed", "a", 1)[0]
    encoded = ENCODINGS[name].put(situation).messages[-1]["content"].removesuffix(" (rot13)")
    assert ENCODINGS[name].decode(encoded) == situation.messages[-1]["content"]


def test_a_reply_nobody_can_read_is_decoded_and_one_cut_off_is_not_clean() -> None:
    knows = lambda situation, reply: Judgement({"yes": True, "no": False}.get(reply), "")  # noqa: E731
    situation = asked("deed", "a", 1)[0]
    decode = ENCODINGS["rot13"].decode
    assert judged(knows, situation, Reply("lrf"), decode) is True
    assert judged(knows, situation, Reply("no", finish="length"), decode) is None
    assert judged(knows, situation, Reply("yes", finish="length"), decode) is True
    assert judged(knows, situation, Reply("", finish="error"), decode) is None
