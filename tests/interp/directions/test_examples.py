"""What is read of an example: the right tokens, and the very activations of transformers."""

import pytest
import torch

from caseback.chat import assistant, system, user
from caseback.errors import CasebackError
from caseback.interp.direction import Reading
from caseback.interp.directions.choose import Named
from caseback.interp.directions.examples import Example, activations, examples_digest, scores, token_scores, tokens_of
from caseback.interp.directions.study import Data, default_sites, study
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site
from interp.directions.subjects import direction_for, plant, tiny_subject

CHAT = (system("Be brief."), user("What is two?"), assistant("It is two."), user("How is that so?"))
EXAMPLE = Example(CHAT, True, "a", "Because one and one.")
SITE = Site("resid_post", 2)


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> OpenSubject:
    return tiny_subject(tmp_path_factory.mktemp("subject"))


def text_of(subject: OpenSubject, part: str) -> str:
    ids, span = tokens_of(subject, EXAMPLE, part)  # type: ignore[arg-type]
    return subject.tokenizer.decode(ids[span.start : span.stop])


def test_each_part_is_its_own_tokens(subject: OpenSubject) -> None:
    assert text_of(subject, "prompt") == subject.format.prompt(CHAT).text
    assert text_of(subject, "turn") == "How is that so?<|end|><|assistant|>"
    assert text_of(subject, "reply") == "Because one and one."
    with pytest.raises(CasebackError, match="has no reply to read"):
        tokens_of(subject, Example(CHAT, True, "a"), "reply")


@pytest.mark.parametrize("pool", ["last", "mean"])
def test_activations_are_those_of_transformers(subject: OpenSubject, pool: str) -> None:
    for part in ("prompt", "turn", "reply"):
        ids, span = tokens_of(subject, EXAMPLE, part)  # type: ignore[arg-type]
        with torch.no_grad():
            hidden = subject.model(input_ids=torch.tensor([ids]), output_hidden_states=True).hidden_states[3][0]
        wanted = hidden[span.stop - 1] if pool == "last" else hidden[span.start : span.stop].mean(0)
        found = activations(subject, [EXAMPLE], [(SITE, Reading(part, pool))])  # type: ignore[arg-type]
        assert torch.allclose(found[0, 0], wanted, atol=1e-5)


def test_one_pass_serves_several_places(subject: OpenSubject) -> None:
    places = [(Site("resid_post", layer), Reading("turn", pool)) for layer in (0, 2) for pool in ("last", "mean")]
    together = activations(subject, [EXAMPLE, Example(CHAT[:2], False, "b")], places)  # type: ignore[arg-type]
    assert together.shape == (2, 4, 32)
    for k, place in enumerate(places):
        assert torch.allclose(together[:1, k], activations(subject, [EXAMPLE], [place])[:, 0], atol=1e-5)


def test_scores_agree_with_token_scores(subject: OpenSubject) -> None:
    found = direction_for(subject, torch.arange(1.0, 33.0), SITE, step=3.0, zero=0.5, reading=Reading("reply", "mean"))
    tokens = token_scores(found, subject, [EXAMPLE], "reply")[0]
    assert len(tokens) == len(tokens_of(subject, EXAMPLE, "reply")[1])
    assert scores(found, subject, [EXAMPLE])[0] == pytest.approx(float(tokens.mean()), abs=1e-5)
    assert scores(found, subject, [EXAMPLE], Reading("reply", "max"))[0] == pytest.approx(float(tokens.max()), abs=1e-5)


def test_what_cannot_be_read_is_refused(subject: OpenSubject) -> None:
    with pytest.raises(CasebackError, match="pooled by last or mean, not max"):
        activations(subject, [EXAMPLE], [(SITE, Reading("reply", "max"))])
    with pytest.raises(CasebackError, match="one part of an example, not 2"):
        activations(subject, [EXAMPLE], [(SITE, Reading("reply", "mean")), (SITE, Reading("prompt", "mean"))])
    with pytest.raises(CasebackError, match="the model has 4 blocks"):
        activations(subject, [EXAMPLE], [(Site("resid_post", 9), Reading("reply", "mean"))])


def test_activations_that_are_no_numbers_are_named(subject: OpenSubject) -> None:
    weight = subject.model.model.layers[2].mlp.down_proj.weight
    kept = weight.detach().clone()
    try:
        with torch.no_grad():
            weight[0, 0] = float("nan")
        with pytest.raises(
            CasebackError, match=r"activations at resid_post\.2 of example 0 \(a\) are not finite"
        ) as told:
            activations(subject, [EXAMPLE], [(Site("resid_post", layer), Reading("turn", "last")) for layer in (1, 2)])
        assert "\n" not in str(told.value)
    finally:
        with torch.no_grad():
            weight.copy_(kept)


def asked(word: str, label: bool, family: str) -> list[Example]:
    starts = ("Tell me about", "What is", "Say something of", "I want", "Where is", "Give me")
    return [Example((user(f"{start} the {word}."),), label, family) for start in starts]


def test_a_study_finds_a_planted_word_in_families_it_never_saw(tmp_path_factory: pytest.TempPathFactory) -> None:
    own = tiny_subject(tmp_path_factory.mktemp("planted"), seed=3)
    unit_D = plant(own, "zq", 6.0)

    def part(names: str) -> list[Example]:
        return [e for name in names for e in (*asked(f"{name} zq", True, name), *asked(f"{name} vw", False, name))]

    data = Data(part("abcd"), part("ef"), {"plain": part("ghi")})
    readings = (Reading("turn", "last"), Reading("turn", "mean"))
    told: list[str] = []
    found = study(
        own, Named("zq", "planted", "planted"), data, readings, sites=[Site("resid_pre", 0), Site("resid_post", 1)],
        tell=lambda what, done, total: told.append(what),
    )  # fmt: skip
    mean = found.directions["mean"]
    assert (mean.site, mean.reading.pool) == (Site("resid_pre", 0), "mean")
    assert float(mean.vector @ unit_D) > 0.95
    rows = {(row.what, row.format): row for row in found.rows}
    assert set(rows) == {(w, "plain") for w in ("mean", "logistic", "lda", "whole residual stream", "text alone")}
    assert rows["mean", "plain"].auroc.value == 1
    assert rows["mean", "plain"].at[0].recall.value == 1
    assert rows["mean", "plain"].calibrated[1].false.n == 18
    assert found.unable == ("the model's own answer, plain: there is no question that puts the label to it",)
    assert 0.3 < found.chance[0].mean < 0.95
    assert {"reading fit", "reading dev", "reading plain", "fitting", "baselines"} <= set(told)
    assert mean.provenance.fit_digest == examples_digest(data.fit)


def test_families_in_two_splits_are_refused(subject: OpenSubject) -> None:
    fit, dev = asked("a", True, "a") + asked("b", False, "b"), asked("c", True, "c") + asked("b", False, "b")
    with pytest.raises(CasebackError, match="family b is among those to fit on and in dev"):
        study(subject, Named("x", "x", "x"), Data(fit, dev, {}), (Reading("turn", "last"),))


def test_default_sites_are_few_and_reach_the_last_block(subject: OpenSubject) -> None:
    assert [site.layer for site in default_sites(subject)] == [0, 1, 2, 3]
    assert [site.layer for site in default_sites(subject, most=3)] == [0, 2, 3]
