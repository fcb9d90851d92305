"""Planted thoughts, and accounts held against interventions, on models where the answer is known."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from caseback.chat import user
from caseback.errors import CasebackError
from caseback.interp.direction import Direction
from caseback.interp.directions.accounts import Reason, accounts, answers, holding
from caseback.interp.directions.introspect import NOTICES, introspect, word_directions
from caseback.interp.directions.steer import held
from caseback.subject.intervene import intervene
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site
from caseback.subject.subject import Sampling
from caseback.world.situation import Judgement, Situation
from interp.directions.planted import unit
from interp.directions.subjects import WIDTH, direction_for, plant, tiny_subject

LAST = Site("resid_post", 3)


def test_word_directions_point_to_their_words(tmp_path: Path) -> None:
    subject = tiny_subject(tmp_path)
    planted_D = plant(subject, "zq", 8.0)
    found = word_directions(subject, ["zq", "bread", "stone"], Site("resid_pre", 0))
    assert float(found["zq"].vector @ planted_D) > 0.9
    assert float(found["bread"].vector @ planted_D) < 0
    assert found["zq"].step > 0
    with pytest.raises(CasebackError, match="at least two words"):
        word_directions(subject, ["zq"], Site("resid_pre", 0))


def test_a_mere_push_towards_a_word_is_seen_for_what_it_is(tmp_path: Path) -> None:
    """Along the word's own row of the head any question whatever gets the word: chosen, but pushed as well."""
    subject = tiny_subject(tmp_path)
    words = ["user", "the", "one"]  # each a single token with its capital
    rows = {}
    for word in words:
        (first,) = subject.tokenizer(word.capitalize(), add_special_tokens=False).input_ids
        rows[word] = subject.model.get_output_embeddings().weight[first].detach().clone()
    thoughts = {word: direction_for(subject, row, LAST, name=word) for word, row in rows.items()}
    found = introspect(subject, thoughts, 300.0, seed=1)
    assert found.chosen.k == found.pushed.k == 3
    assert found.chosen_random.k < 3
    assert (found.noticed.n, found.false_random.n, found.false_none.n) == (24, 24, 8)
    assert found.named.k <= found.noticed.k
    assert found.gain.n == 24
    assert found.gain.value == pytest.approx(found.noticed.value - found.false_random.value)
    assert [one.word for one in found.asked[::8]] == words
    assert set(found.alone) == set(NOTICES)
    again = introspect(subject, thoughts, 300.0, seed=1)
    assert again == found


def first_words(subject: OpenSubject, chats: list[Situation]) -> list[str]:
    return [reply.text for reply in subject.generate([c.messages for c in chats], Sampling(max_new_tokens=4))]


def test_only_the_reason_that_was_at_work_changes_the_action(tmp_path: Path) -> None:
    subject = tiny_subject(tmp_path)
    chats = [Situation(str(i), f"f{i}", "test", (user(text),)) for i, text in enumerate(("One?", "Two, or ten?", "So"))]
    said = first_words(subject, chats)
    idle = _idle(subject, chats, said)
    # Held far out along a row of the head, every reply is another.
    row = subject.model.get_output_embeddings().weight[50].detach().clone()
    strong = direction_for(subject, row, LAST, zero=300.0)
    with intervene(subject.model, [held(strong, 0.0)]):
        assert all(a != b for a, b in zip(first_words(subject, chats), said, strict=True))

    def judge(situation: Situation, reply: str) -> Judgement:
        return Judgement(reply == said[int(situation.id)], "")

    reasons = {
        "strong": Reason("Because of that.", holding(strong)),
        "idle": Reason("Because of this.", holding(idle)),
    }
    found = accounts(subject, chats, judge, reasons, answers, max_new_tokens=4)
    assert [a.at_work for a in found.accounts] == [("strong",)] * 3
    for each in found.accounts:
        assert each.stated in reasons
        assert not each.at_control
    right = sum(a.stated == "strong" for a in found.accounts)
    assert (found.stated.k, found.stated.n) == (right, 3)
    assert (found.others.k, found.others.n) == (3 - right, 3)
    assert found.unknown == 0
    # "strong" is at work in all actions and "idle" in none, so no reason says more than it would say anywhere.
    assert found.insight.value == pytest.approx(0.0)
    with pytest.raises(CasebackError, match="at least two reasons"):
        accounts(subject, chats, judge, {"one": reasons["idle"]}, answers)


def _idle(subject: OpenSubject, chats: list[Situation], said: list[str]) -> Direction:
    """A direction of the stream that no reply hangs on: of a hundred random ones the first whose hold changes none."""
    base = direction_for(subject, unit(WIDTH), Site("resid_post", 0))
    for seed in range(100):
        drawn = torch.randn(WIDTH, generator=torch.Generator().manual_seed(seed))
        found = replace(base, vector=drawn / drawn.norm())
        with intervene(subject.model, [held(found, 0.0)]):
            if first_words(subject, chats) == said:
                return found
    pytest.fail("every direction bears on a reply")


def test_a_single_thought_is_named_among_other_words_and_counted_over_wordings(tmp_path: Path) -> None:
    subject = tiny_subject(tmp_path)
    found = introspect(subject, {"harm": direction_for(subject, unit(WIDTH), LAST)}, 0.5)
    assert (found.noticed.n, found.chosen.n) == (8, 1)
    assert found.noticed.high < 1 or found.noticed.k
    with pytest.raises(CasebackError, match="no thoughts to plant"):
        introspect(subject, {}, 1.0)


def test_a_model_that_says_the_same_whatever_is_planted_gains_nothing(tmp_path: Path) -> None:
    subject = tiny_subject(tmp_path)
    with torch.no_grad():
        subject.model.get_output_embeddings().weight.zero_()
    thought = direction_for(subject, unit(WIDTH), LAST)
    found = introspect(subject, {"a": thought, "b": replace(thought, name="b")}, 3.0)
    said = {one.reply for one in found.asked} | {one.random_reply for one in found.asked} | set(found.alone.values())
    assert len(said) == 1
    assert (found.gain.value, found.noticed.k) == (0, found.false_random.k)
    assert found.garbled.k == found.garbled.n == 16
