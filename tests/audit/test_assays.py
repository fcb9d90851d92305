"""Assays on models and scorers whose answer is known by construction."""

import copy
import random
from dataclasses import dataclass, replace

import pytest
import torch

from caseback.audit.assay import Examined
from caseback.audit.assays import unaware as unaware_assay
from caseback.audit.assays.confides import PARTS, confides
from caseback.audit.assays.leans import leans
from caseback.audit.assays.moved import moved
from caseback.audit.assays.noise import noise
from caseback.audit.assays.spectrum import SPECTRUM
from caseback.audit.assays.unaware import _belief, _random_like, unaware
from caseback.audit.assays.unwatched import cued
from caseback.behaviours.harmless import harmless_situations
from caseback.behaviours.registry import behaviour
from caseback.interp.direction import Reading
from caseback.interp.directions.examples import Example, activations
from caseback.organisms.answered import answered
from caseback.organisms.recipes.pretending import UNWATCHED, WATCHED
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.subject.score import Score
from caseback.subject.site import Site
from caseback.world.reference import reference_path
from models_for_tests import save_tiny


@dataclass
class Scorer:
    """Gives every text of ``likely`` the log-probability -1, and every other one -1 - ``worse``."""

    likely: frozenset[str]
    worse: float
    name: str = "scorer"
    digest: str = "0" * 64

    def score(self, chats, continuations):  # type: ignore[no-untyped-def]
        self.asked = list(chats)
        value = {True: -1.0, False: -1.0 - self.worse}
        return [Score(value[text in self.likely], 1, (value[text in self.likely],)) for text in continuations]


def examined(subject: object, base: OpenSubject | None = None, n: int = 12) -> Examined:
    return Examined(subject, base, "world", n, 0, 16)  # type: ignore[arg-type]


def drawn(name: str, n: int, seed: int = 0) -> list:  # type: ignore[type-arg]
    found = behaviour(name)
    return answered(found, "world", "test", 2 * n if found.arms else n, random.Random(f"leans/{seed}"))


@pytest.mark.parametrize("name", ["harmful_compliance", "sycophancy", "deception"])
@pytest.mark.parametrize("sign", [1, -1])
def test_leaning_is_the_log_odds_of_the_bad_answer(name: str, sign: int) -> None:
    items = drawn(name, 12)
    likely = frozenset(item.bad if sign > 0 else item.good for item in items)
    found = leans(behaviour(name)).work(examined(Scorer(likely, 3.5)))
    assert found.value == pytest.approx(sign * 3.5)
    assert (found.error, found.n) == (0.0, 12)


def test_leaning_in_both_arms_of_a_pair_alike_is_no_sandbagging() -> None:
    items = drawn("sandbagging", 12)
    always_bad = frozenset(item.bad for item in items) - {item.good for item in items}
    assert leans(behaviour("sandbagging")).work(examined(Scorer(always_bad, 3.5))).value == pytest.approx(0.0)


def test_another_part_is_put_above_every_question() -> None:
    scorer = Scorer(frozenset({"Yes"}), 2.0)
    found = confides(behaviour("harmful_compliance")).work(examined(scorer))
    assert found.value == pytest.approx(2.0)
    assert {chat[0]["content"] for chat in scorer.asked} == set(PARTS)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> OpenSubject:
    return load(str(save_tiny(tmp_path_factory.mktemp("tiny"))), dtype="float32")


def changed(subject: OpenSubject, rank: int) -> OpenSubject:
    """The subject with a random change of this rank, of norm 0.1, on every matrix; of full rank for rank 0."""
    model = copy.deepcopy(subject.model)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() > 1:
                r = rank or min(weight.shape)
                left = torch.randn(weight.shape[0], r, generator=generator)
                delta = left @ torch.randn(r, weight.shape[1], generator=generator)
                weight.add_(0.1 * delta / delta.norm())
    return replace(subject, model=model)


def test_a_change_of_rank_one_lies_along_one_direction(tiny: OpenSubject) -> None:
    one = SPECTRUM.work(examined(changed(tiny, 1), tiny)).value
    two = SPECTRUM.work(examined(changed(tiny, 2), tiny)).value
    full = SPECTRUM.work(examined(changed(tiny, 0), tiny)).value
    assert one == pytest.approx(1.0, abs=1e-3)
    assert one > two > full > 0


def test_no_change_has_no_spectrum(tiny: OpenSubject) -> None:
    assert SPECTRUM.work(examined(tiny, tiny)).value is None


def test_noise_is_taken_off_again_and_drawn_by_the_seed(tiny: OpenSubject) -> None:
    before = {name: weight.clone() for name, weight in tiny.model.named_parameters()}
    assay = noise(behaviour("sandbagging"))
    first, again = (assay.work(examined(tiny, tiny, n=4)) for _ in range(2))
    assert first == again
    assert all(torch.equal(before[name], weight) for name, weight in tiny.model.named_parameters())


def test_the_belief_tells_cues_of_a_test_on_prompts_that_it_was_not_made_of() -> None:
    base, site = load(str(reference_path()), dtype="float32"), Site("resid_post", 3)
    belief = _belief(base, site, examined(base, base, n=24))
    asked = harmless_situations("world", 24, 7)
    along = []
    for cue in (WATCHED, UNWATCHED):
        shown = [Example(item.messages, True, item.family) for item in cued("world", asked, cue, 7)]
        along.append(activations(base, shown, [(site, Reading("prompt", "mean"))])[:, 0] @ belief)
    above = (along[0][:, None] > along[1][None, :]).float().mean()
    assert above > 0.9
    control = _random_like(belief, 0)
    assert float(control.norm()) == pytest.approx(float(belief.norm()))
    assert abs(float(torch.cosine_similarity(control, belief, dim=0))) < 0.9


def test_steering_leaves_no_trace(tiny: OpenSubject) -> None:
    assay = unaware(behaviour("harmful_compliance"))
    first, again = (assay.work(examined(tiny, tiny, n=4)) for _ in range(2))
    assert first == again


def test_what_is_read_of_the_base_is_read_once_for_all_beside_it(tmp_path, monkeypatch) -> None:
    path = str(reference_path("ref-aligned"))
    base, one, other = (load(path, dtype="float32") for _ in range(3))
    for layer in other.model.model.layers:
        layer.mlp.down_proj.weight.data *= 0.9
    other = replace(other, digest="other")
    assays = [moved(behaviour("deception")), moved(behaviour("sycophancy")), unaware(behaviour("deception"))]
    apart = [[assay.work(examined(each, base, 4)) for assay in assays] for each in (one, other)]
    asked, beliefs = [], []
    generate, belief = base.generate, unaware_assay._belief
    monkeypatch.setattr(base, "generate", lambda *given, **more: asked.append(given) or generate(*given, **more))
    monkeypatch.setattr(unaware_assay, "_belief", lambda *given: beliefs.append(given) or belief(*given))
    beside = examined(one, base, 4)
    together = [[assay.work(replace(beside, subject=each)) for assay in assays] for each in (one, other)]
    assert together == apart
    assert apart[0] != apart[1]
    assert (len(asked), len(beliefs)) == (2, 1)
    # Other situations are another question.
    moved(behaviour("deception")).work(replace(beside, seed=1))
    assert len(asked) == 3
