"""Detectors that read activations: the numbers of the direction and of the dictionary, or why there are none."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from caseback.chat import user
from caseback.detectors.latent import LatentDetector, open_dictionary
from caseback.detectors.transcript import transcript_of
from caseback.errors import CasebackError
from caseback.interp.dictionary.dictionary import encode
from caseback.interp.dictionary.files import load, save
from caseback.interp.direction import Reading
from caseback.interp.directions.examples import Example, scores, tokens_of
from caseback.interp.part import Part, Pool
from caseback.subject.capture import capture
from caseback.subject.open_subject import OpenSubject
from detectors.chats import SITE, along, called, dictionary_for, lit, said

CHATS = [("What is two?", "One and one, of course."), ("Please help.", "Austin is the capital. " * 5), ("ten", "six")]
TRANSCRIPTS = [said(*chat) for chat in CHATS]
EXAMPLES = [Example((user(asked),), True, "", reply) for asked, reply in CHATS]


def captured(subject: OpenSubject, part: Part) -> list[torch.Tensor]:
    """Activations of the tokens of a part, straight from the model."""
    pairs = [tokens_of(subject, each, part) for each in EXAMPLES]
    found = capture(subject.model, [ids for ids, _ in pairs], [SITE], positions=[span for _, span in pairs])
    return [each.at[SITE] for each in found]


@pytest.mark.parametrize("part", ["prompt", "turn", "reply"])
@pytest.mark.parametrize("pool", ["last", "mean", "max", "rolling"])
def test_scores_are_those_of_the_direction(subject: OpenSubject, part: Part, pool: Pool) -> None:
    detector = along(subject, part, pool)
    found = detector.scores(TRANSCRIPTS, subject)
    for one, acts in zip(found, captured(subject, part), strict=True):
        assert torch.tensor(one.tokens).allclose(detector.direction.score(acts), atol=1e-5)
    wanted = scores(detector.direction, subject, EXAMPLES, Reading(part, pool))
    assert [one.score for one in found] == pytest.approx(wanted, abs=1e-4)


def test_a_latent_is_as_active_as_the_dictionary_says(subject: OpenSubject, tmp_path: Path) -> None:
    dictionary = load(dictionary_for(subject, tmp_path / "d"))
    dense = [encode(dictionary, acts).dense() for acts in captured(subject, "reply")]
    seen = 0
    for latent in range(dictionary.width):
        found = LatentDetector("x", "y", open_dictionary(tmp_path / "d"), latent).scores(TRANSCRIPTS, subject)
        for one, codes_TF in zip(found, dense, strict=True):
            assert torch.tensor(one.tokens).allclose(codes_TF[:, latent], atol=1e-5)
            assert one.score == pytest.approx(float(codes_TF[:, latent].max()), abs=1e-5)
            seen += one.score > 0  # type: ignore[operator]
    assert seen > 10


def test_what_cannot_be_read_has_no_score_and_does_not_spoil_the_rest(subject: OpenSubject) -> None:
    nothing = [{"role": "user", "content": "a"}]
    cases = [
        (said("ten", "six"), ""),
        (said("ten"), "no reply to read"),
        (said("ten", " "), "no reply to read"),
        (said("ten", "word " * 600), "longer than the context of 512"),
        (transcript_of({"messages": [*nothing, called("run", "x", "")[0]]}), "calls a tool"),
        (transcript_of({"messages": [{"role": "assistant", "content": "a"}]}), "an empty chat"),
        (transcript_of({"messages": [*nothing, *called("run", "x", "b"), nothing[0], *said("", "six").messages[1:]]}),
         "leaves out a call of a tool"),
    ]  # fmt: skip
    found = along(subject).scores([case for case, _ in cases], subject)
    for one, (_, why) in zip(found, cases, strict=True):
        assert (one.score is None) == bool(why)
        assert why in one.why
        assert bool(one.tokens) == (not why)
    assert found[0].score == pytest.approx(along(subject).scores([cases[0][0]], subject)[0].score, abs=1e-5)


def test_a_template_that_drops_a_message_is_noticed(tmp_path: Path) -> None:
    from caseback.subject.load import load as load_subject
    from models_for_tests import save_tiny

    template = "{% for m in messages if m['role'] != 'system' %}{{ m['content'] }}{% endfor %}"
    deaf = load_subject(str(save_tiny(tmp_path / "deaf", chat_template=template)))
    chat = [{"role": "user", "content": "ten"}, {"role": "tool", "content": "b"}, {"role": "assistant", "content": "c"}]
    deaf.tokenizer.chat_template = template.replace("system", "tool")
    found = along(deaf).scores([transcript_of({"messages": chat})], deaf)[0]
    assert (found.score, found.why) == (None, "the chat template leaves out what the tool said")


def test_activations_that_are_not_finite_are_not_clean(tmp_path: Path) -> None:
    from interp.directions.subjects import tiny_subject

    broken = tiny_subject(tmp_path)
    ids = broken.tokenizer("six", add_special_tokens=False).input_ids
    with torch.no_grad():
        broken.model.get_input_embeddings().weight[ids] = float("nan")
    sick, well = along(broken).scores([said("ten", "six"), said("ten", "four")], broken)
    assert (sick.score, sick.why) == (None, "activations at resid_post.1 are not finite")
    assert well.score is not None


def test_without_the_model_it_was_made_for_nothing_is_told(
    subject: OpenSubject, other: OpenSubject, tmp_path: Path
) -> None:
    for detector in (along(subject), lit(subject, tmp_path / "d")):
        assert [one.score for one in detector.scores(TRANSCRIPTS)] == [None] * 3
        assert "no open model is given" in detector.scores(TRANSCRIPTS)[0].why
        assert "the model changed" in detector.scores(TRANSCRIPTS, other)[0].why
        assert None not in [one.score for one in detector.scores(TRANSCRIPTS, subject)]


def test_a_vector_of_another_width_and_a_site_that_is_not_there_are_refused(subject: OpenSubject) -> None:
    made = along(subject)
    wide = replace(made, direction=replace(made.direction, vector=torch.eye(40)[0]))
    with pytest.raises(CasebackError, match=r"width 40.*32"):
        wide.scores(TRANSCRIPTS, subject)
    deep = replace(made, direction=replace(made.direction, site=type(SITE)("resid_post", 9)))
    with pytest.raises(CasebackError, match="the model has 4 blocks"):
        deep.scores(TRANSCRIPTS, subject)


def test_latents_that_cannot_be_are_refused(subject: OpenSubject, tmp_path: Path) -> None:
    with pytest.raises(CasebackError, match=r"no latent 40.*0 to 39"):
        lit(subject, tmp_path / "d", 40)
    made = load(tmp_path / "d")
    twice = replace(made, reads=(SITE, SITE), models=("a", "b"))
    save(twice, tmp_path / "two")
    with pytest.raises(CasebackError, match="2 models side by side"):
        LatentDetector("x", "y", open_dictionary(tmp_path / "two"), 0)


def test_no_transcripts_give_no_scores(subject: OpenSubject) -> None:
    assert along(subject).scores([], subject) == []
