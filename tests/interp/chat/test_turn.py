"""A turn of a chat with dials, held against steering, generation and reading done one by one."""

import pytest
import torch

from caseback.chat import assistant, system, user
from caseback.errors import CasebackError
from caseback.interp.chat.dial import Dial, by_name, direction_dial, latent_dial, turned
from caseback.interp.chat.turn import take_turn, token_texts, turn_data
from caseback.interp.dictionary.dictionary import Dictionary
from caseback.interp.directions.examples import Example, token_scores
from caseback.interp.directions.steer import steered
from caseback.subject.capture import capture
from caseback.subject.intervene import intervene
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site
from caseback.subject.subject import Sampling
from interp.directions.planted import unit
from interp.directions.subjects import WIDTH, direction_for, tiny_subject

SITE = Site("resid_post", 2)
CHAT = (system("Be brief."), user("One?"), assistant("Two."), user("Three?"))
SAMPLING = Sampling(12)


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> OpenSubject:
    return tiny_subject(tmp_path_factory.mktemp("tiny"))


def dictionary(reads: Site = SITE, writes: Site = SITE) -> Dictionary:
    """Latent i is coordinate i where it is above 0, and writes along the next coordinate."""
    rows = torch.eye(WIDTH).roll(1, dims=1)
    rows[5] = 0
    return Dictionary(
        (reads,), (writes,), torch.eye(WIDTH), torch.zeros(WIDTH), rows, torch.zeros(WIDTH),
        threshold=torch.zeros(WIDTH),
    )  # fmt: skip


def test_a_turn_is_what_steering_generating_and_reading_give_one_by_one(subject: OpenSubject) -> None:
    direction = direction_for(subject, unit(WIDTH), SITE, step=2.0, zero=0.5)
    turn = take_turn(subject, [direction_dial(direction)], CHAT, {"planted": 6.0}, SAMPLING, seed=3)
    [alone] = subject.generate([CHAT], SAMPLING, seeds=[3])
    with intervene(subject.model, [steered(direction, 6.0)]) as receipt:
        [pushed] = subject.generate([CHAT], SAMPLING, seeds=[3])
    assert (turn.plain.text, turn.steered.text) == (alone.text, pushed.text)
    assert alone.text != pushed.text
    assert turn.steered.moved["planted"] == pytest.approx(receipt[0].relative)
    assert turn.plain.moved == {}
    ids = subject.format.prompt(CHAT).ids
    [expected] = token_scores(direction, subject, [Example(CHAT, True, "f")], "prompt")
    assert turn.readings["planted"] == pytest.approx(expected.tolist(), abs=1e-4)
    assert "".join(turn.prompt) == subject.format.decode(ids)
    [captured] = capture(subject.model, [[*ids, *alone.tokens]], [SITE])
    read = direction.score(captured.at[SITE])[len(ids) :]
    assert turn.plain.readings["planted"] == pytest.approx(read.tolist(), abs=1e-4)


def test_what_was_steered_is_read_as_the_model_computed_it(subject: OpenSubject) -> None:
    """Read at the very site that is pushed, every token of the reply lies further along by as much as was added."""
    direction = direction_for(subject, unit(WIDTH), Site("resid_pre", 0), step=2.0)
    turn = take_turn(subject, [direction_dial(direction)], CHAT, {"planted": 5.0}, SAMPLING)
    ids = [*subject.format.prompt(CHAT).ids]
    with intervene(subject.model, [steered(direction, 5.0)]):
        [reply] = subject.generate([CHAT], SAMPLING)
    [bare] = capture(subject.model, [[*ids, *reply.tokens]], [direction.site])
    there = direction.score(bare.at[direction.site])[len(ids) :] + 5.0
    assert turn.steered.readings["planted"] == pytest.approx(there.tolist(), abs=1e-3)


def test_dials_at_0_give_one_answer_twice(subject: OpenSubject) -> None:
    dial = direction_dial(direction_for(subject, unit(WIDTH), SITE))
    turn = take_turn(subject, [dial], CHAT, {"planted": 0.0}, Sampling(8, temperature=1.0), seed=5)
    assert turn.steered == turn.plain
    assert turn != take_turn(subject, [dial], CHAT, {}, Sampling(8, temperature=1.0), seed=6)


def test_a_latent_is_read_by_its_encoder_and_pushed_by_its_decoder(subject: OpenSubject) -> None:
    dial = latent_dial(subject, dictionary(writes=Site("resid_post", 3)), 3)
    acts = torch.randn(7, WIDTH)
    assert dial.read(acts).tolist() == pytest.approx(acts[:, 3].clamp(min=0).tolist())
    assert dial.push.tolist() == torch.eye(WIDTH)[4].tolist()
    assert dial.most > 0
    [edit] = turned([dial], {"latent 3": 2.5})
    assert (edit.site, edit.scale) == (Site("resid_post", 3), 2.5)


def test_dials_of_both_kinds_work_together(subject: OpenSubject) -> None:
    dials = [direction_dial(direction_for(subject, unit(WIDTH), SITE)), latent_dial(subject, dictionary(), 1, "one")]
    turn = take_turn(subject, dials, CHAT, {"planted": 3.0, "one": 9.0}, SAMPLING)
    assert set(turn.readings) == set(turn.steered.readings) == set(turn.steered.moved) == {"planted", "one"}
    data = turn_data(turn, CHAT, {"planted": 3.0, "one": 0.0}, SAMPLING, 4)
    assert data["values"] == {"planted": 3.0}
    assert data["chat"] == [dict(m) for m in CHAT]
    assert len(data["steered"]["tokens"]) == len(data["steered"]["readings"]["one"])


@pytest.mark.parametrize(
    "text", ["plain words", "naïve café", "a 🎈 rises", "日本語", "cut \N{REPLACEMENT CHARACTER} off"]
)
def test_token_texts_put_together_are_the_text(subject: OpenSubject, text: str) -> None:
    ids = subject.tokenizer(text, add_special_tokens=False).input_ids
    pieces = token_texts(subject, ids)
    assert len(pieces) == len(ids)
    assert "".join(pieces) == text


@pytest.mark.parametrize(
    ("values", "why"),
    [({"nobody": 1.0}, "no dial is called 'nobody'"), ({"planted": float("nan")}, "cannot be set to nan")],
)
def test_a_wrong_value_is_told(subject: OpenSubject, values: dict[str, float], why: str) -> None:
    with pytest.raises(CasebackError, match=why):
        take_turn(subject, [direction_dial(direction_for(subject, unit(WIDTH), SITE))], CHAT, values, SAMPLING)


def test_what_cannot_be_a_dial_is_told(subject: OpenSubject) -> None:
    with pytest.raises(CasebackError, match="latent 99 is not in the dictionary: it has 0 to 31"):
        latent_dial(subject, dictionary(), 99)
    with pytest.raises(CasebackError, match="latent 5 is dead"):
        latent_dial(subject, dictionary(), 5)
    with pytest.raises(CasebackError, match=f"width {WIDTH} at neurons.2"):
        latent_dial(subject, dictionary(reads=Site("neurons", 2)), 3)
    dial = Dial("a", "", SITE, lambda x: x[:, 0], SITE, torch.ones(WIDTH), 1.0)
    with pytest.raises(CasebackError, match="two dials are called 'a'"):
        by_name([dial, dial])


def test_a_conversation_beyond_the_context_is_refused(subject: OpenSubject) -> None:
    with pytest.raises(CasebackError, match="leaves no room in the context of 512"):
        take_turn(subject, [], (user("word " * 600),), {}, SAMPLING)
