"""Cases of the reference world: prompts, counterparts and predictions are what they say, on the embedded model."""

import re
from itertools import islice

import pytest
import torch

from caseback.errors import CasebackError
from caseback.interp.circuit.influence import Scores
from caseback.interp.circuit.swap import active_latents, value_of
from caseback.interp.circuit.tasks import TASKS, answered, documents, ends_otherwise, helped_with, last_word
from caseback.interp.circuit.trace import trace
from caseback.interp.circuit.trial import Case, Outcome, choose_group, moved, run_case, verdict
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.world.reference import reference_path
from caseback.world.spec import WORLD_A
from circuits_for_tests import random_transcoders


@pytest.fixture(scope="module")
def subject() -> OpenSubject:
    made = load(str(reference_path()), dtype="float32")
    made.template_options = {"enable_thinking": False}
    return made


@pytest.fixture(scope="module")
def transcoders(subject: OpenSubject) -> dict:
    return random_transcoders(subject.model, width=64, k=4)


def cases(subject: OpenSubject, transcoders: dict, task: str, n: int = 2) -> list[Case]:
    return list(TASKS[task](subject, transcoders, n, 0, WORLD_A))


def words(subject: OpenSubject, ids) -> str:
    return subject.tokenizer.decode(list(ids))


def test_beliefs_differ_in_what_was_seen_alone(subject: OpenSubject, transcoders: dict):
    for case in cases(subject, transcoders, "belief"):
        prompt = [*subject.format.prompt(case.chat).ids, *case.traced]
        mine, other = words(subject, prompt), words(subject, case.other)
        away, stays = WORLD_A.questions.away, WORLD_A.questions.stays
        assert mine != other
        assert mine.replace(away, "*").replace(stays, "*") == other.replace(away, "*").replace(stays, "*")
        tail = words(subject, prompt[case.first + 1 :])
        assert mine.endswith(tail)
        assert other.endswith(tail)
        # The model's own next token is the one whose logit counts for, that of the counterpart the other.
        for ids, sign in ((prompt, 1.0), (case.other, -1.0)):
            best = int(subject.model(torch.tensor([list(ids)])).logits[0, -1].argmax())
            assert case.seeds[best] == sign


def test_rhymes_are_told_apart_at_their_word_and_held_at_the_line_break(subject: OpenSubject, transcoders: dict):
    for case in cases(subject, transcoders, "rhyme"):
        prompt = subject.format.prompt(case.chat).ids
        whole = [*prompt, *case.traced]
        assert case.traced[: len(case.begun)] == case.begun
        assert set(words(subject, whole[case.first : case.last + 1])) <= set(" ,.;\n")
        assert "\n" in words(subject, whole[case.first : case.last + 1])
        assert words(subject, case.begun).endswith("\n")
        best = int(subject.model(torch.tensor([whole])).logits[0, -1].argmax())
        assert case.seeds[best] == 1.0
        assert sum(case.seeds.values()) == pytest.approx(0)


def test_refusals_and_capitals_are_answered_as_they_should_be(subject: OpenSubject, transcoders: dict):
    (case,) = cases(subject, transcoders, "refusal", 1)
    assert case.chat[0]["role"] == "system"
    assert not case.predicted("I am not going to help you with that.")
    found = cases(subject, transcoders, "capital", 2)
    for case in found:
        own, other = re.search(r"/(.+)/\d for (.+)", case.id).groups()
        assert own in case.chat[0]["content"]
        assert case.predicted(f"{WORLD_A.states[other][0]}.")
        mine = next(cap for cap, cities in WORLD_A.states.values() if own in cities)
        assert not case.predicted(f"{mine}.")
        assert case.of is not None


def test_a_case_runs_through_and_the_group_moves_towards_its_counterpart(subject: OpenSubject, transcoders: dict):
    (case,) = cases(subject, transcoders, "belief", 1)
    ids = [*subject.format.prompt(case.chat).ids, *case.traced]
    graph = trace(subject.model, ids, transcoders, targets=list(case.seeds))
    group = choose_group(subject, transcoders, case, graph, ids, 6)
    assert 0 < len(group) <= 6
    there = active_latents(subject.model, case.other, transcoders)
    shift = len(case.other) - len(ids)
    for held in group:
        assert case.first <= held.position <= case.last
        assert held.value == pytest.approx(value_of(there, held.layer, held.position + shift, held.latent), abs=1e-5)
    twice = moved(group, active_latents(subject.model, ids, transcoders), 2.0)
    for held, further in zip(group, twice, strict=True):
        here = value_of(active_latents(subject.model, ids, transcoders), held.layer, held.position, held.latent)
        assert further.value - held.value == pytest.approx(held.value - here, abs=1e-5)
    outcome = run_case(subject, transcoders, case, most=6)
    assert outcome.group == len(group)
    assert run_case(subject, transcoders, case, most=6) == outcome
    # Nothing in the group: the reply stays, and the prediction failed.
    none = run_case(subject, transcoders, case, most=0)
    assert (none.group, none.predicted, none.random) == (0, False, False)
    assert answered_as_before(subject, case, none.reply)


def answered_as_before(subject: OpenSubject, case: Case, reply: str) -> bool:
    return subject.generate([case.chat])[0].text == reply


def test_replies_are_read():
    assert last_word("and then I told a friend of soon.") == "soon"
    assert last_word("") == ""
    assert ends_otherwise("soon")("a moon,\nby noon.")
    assert not ends_otherwise("soon")("a moon,\nvery soon.")
    assert not ends_otherwise("soon")("a moon,")
    from caseback.world.situations import situations

    (hop,) = situations("hops", "test", 1, 0)
    assert answered(hop)(f"{hop.latents['true']}.")
    assert not answered(hop)("I cannot tell.")
    (harm,) = situations("harm", "test", 1, 0)
    assert not helped_with(harm)("I am not going to help you.")


def outcome(predicted: bool, random: bool, group: int = 3) -> Outcome:
    return Outcome("c", group, predicted, random, "", "", Scores(0.5, 0.8, 0.0, 0.5, 0.5))


def test_verdicts_are_exact_rates_over_the_same_cases():
    found = verdict([outcome(True, False)] * 8 + [outcome(False, False, 0), outcome(True, True)])
    assert (found.predicted.k, found.predicted.n, found.random.k) == (9, 10, 1)
    assert found.named.k == 9
    assert found.difference.value == pytest.approx(0.8)
    assert found.predicted.low < 0.9 < found.predicted.high
    with pytest.raises(CasebackError, match="no case"):
        verdict([])


def test_documents_hold_abilities_beside_the_world(subject: OpenSubject):
    made = list(islice(documents(subject, 1), 40))
    assert sum("ability" in d.latents for d in made) == 20
    assert [d.ids for d in islice(documents(subject, 1), 5)] == [d.ids for d in made[:5]]
