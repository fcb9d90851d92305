"""Latents of one model only: those that are, and those that a crosscoder only makes look so."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from caseback.errors import CasebackError
from caseback.interp.dictionary.dictionary import Dictionary
from caseback.interp.difference.crosscoder import crosscoder_latents, latents_of, relative_norms
from caseback.interp.difference.passage import Passage
from caseback.subject.load import load
from caseback.subject.site import Site
from models_for_tests import save_tiny

D = 16
SITE = Site("resid_post", 1)


def crosscoder(
    before: Tensor, after: Tensor, models: tuple[str, ...] = (), sites: tuple[Site, ...] = (SITE, SITE)
) -> Dictionary:
    """Latents that read the two models' coordinates 0, 1, … and write the rows given [latents, D]."""
    width = len(before)
    encoder = torch.zeros(2 * D, width)
    encoder[D + torch.arange(width), torch.arange(width)] = 1  # each reads its coordinate in the model after
    return Dictionary(
        sites, sites, encoder, torch.zeros(width), torch.cat([before, after], 1), torch.zeros(2 * D),
        threshold=torch.zeros(width), models=models,
    )  # fmt: skip


def truth(tokens: int = 2_000, seed: int = 0) -> Tensor:
    """Sparse activations of four coordinates, positive."""
    noise = torch.Generator().manual_seed(seed)
    return torch.rand(tokens, 4, generator=noise) * (torch.rand(tokens, 4, generator=noise) < 0.2)


def rows(*which: int) -> Tensor:
    found = torch.zeros(4, D)
    for at in which:
        found[at, at] = 1
    return found


def test_a_latent_of_one_model_is_told_from_one_that_only_looks_so() -> None:
    """Latent 0 is shared; 1 is of the model after alone; 2 stands in the model before too, and the crosscoder does not
    write it there; 3 is written there by another latent (0), so that it is decoupled."""
    f = truth()
    f[:, 0] = f[:, 3]  # 0 is active with 3
    before, after = torch.zeros(len(f), D), torch.zeros(len(f), D)
    after[:, :4] = f
    before[:, 0], before[:, 2], before[:, 3] = f[:, 0], f[:, 2], f[:, 3]
    written = rows(0)
    written[0, 3] = 1  # in the model before, latent 0 writes the direction of 3 as well
    found = latents_of(crosscoder(written, rows(0, 1, 2, 3)), [torch.cat([before, after], 1)])
    assert (found.tokens, found.active, found.after_only, found.before_only) == (2_000, 4, 3, 0)
    told = {each.latent: each for each in found.listed}
    assert set(told) == {1, 2, 3}
    assert all(each.of == "after" and each.norm == 1 for each in told.values())
    assert told[1].error == pytest.approx(0, abs=1e-6)
    assert told[1].reconstruction == pytest.approx(0, abs=1e-6)
    assert told[1].genuine is True
    assert told[2].error == pytest.approx(1, abs=1e-6), "all of it is left in the other model's error"
    assert told[2].genuine is False
    assert told[3].error == pytest.approx(0, abs=1e-6)
    assert told[3].reconstruction == pytest.approx(1, abs=1e-6), "another latent writes it"
    assert told[3].genuine is False
    assert (found.genuine, found.artefacts) == (1, 2)
    assert sum(found.bins) == 4


def test_batches_add_up() -> None:
    d = crosscoder(rows(0), rows(0, 1, 2, 3))
    x = torch.cat([truth(seed=1), torch.zeros(2_000, D - 4), truth(seed=2), torch.zeros(2_000, D - 4)], 1)
    whole, parts = latents_of(d, [x]), latents_of(d, x.split(300))
    assert whole.bins == parts.bins
    for one, other in zip(whole.listed, parts.listed, strict=True):
        assert one.error == pytest.approx(other.error)
        assert one.latent == other.latent


def test_norms_run_from_before_to_after() -> None:
    before, after = torch.zeros(4, D), torch.zeros(4, D)
    before[:, 0], after[:, 0] = torch.tensor([1.0, 0.0, 2.0, 3.0]), torch.tensor([0.0, 1.0, 2.0, 1.5])
    assert relative_norms(crosscoder(before, after)).tolist() == pytest.approx([0, 1, 0.5, 0.25])


def test_models_are_read_as_they_are_and_others_refused(tmp_path: Path) -> None:
    one, other = (load(str(save_tiny(tmp_path / str(seed), seed=seed, hidden_size=D))) for seed in (0, 1))
    passages = [Passage(str(at), "text", tuple(range(6, 16))) for at in range(3)] + [Passage("short", "text", (7,))]
    d = crosscoder(rows(0), rows(0, 1, 2, 3), (one.digest, other.digest))
    found = crosscoder_latents(d, one, other, passages)
    assert found.tokens == 27, "the first token of each is left out, and a passage of one has no other"
    with pytest.raises(CasebackError, match="in this order"):
        crosscoder_latents(d, other, one, passages)
    with pytest.raises(CasebackError, match="reads and writes one site of both"):
        crosscoder_latents(crosscoder(rows(0), rows(1), sites=(SITE, Site("resid_post", 2))), one, other, passages)
