"""Splicing: a perfect dictionary loses nothing, an empty one is the ablation, and another model's is refused."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from caseback.errors import CasebackError
from caseback.interp.dictionary.dictionary import Dictionary
from caseback.interp.dictionary.splice import splice
from caseback.subject.capture import capture
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site
from models_for_tests import CORPUS, save_tiny

SITE = Site("resid_post", 1)


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> OpenSubject:
    return load(str(save_tiny(tmp_path_factory.mktemp("model"), "qwen3")))


def perfect(subject: OpenSubject, *sites: Site) -> Dictionary:
    """Latents along and against every axis: x = relu(x) - relu(-x)."""
    d = 32 * len(sites)
    both = torch.cat([torch.eye(d), -torch.eye(d)])
    zeros = torch.zeros(2 * d)
    return Dictionary(
        sites, sites, both.T.contiguous(), zeros, both, torch.zeros(d), threshold=zeros, models=(subject.digest,)
    )


def documents(subject: OpenSubject) -> list[list[int]]:
    return [list(subject.tokenizer(text).input_ids) for text in CORPUS]


@pytest.mark.parametrize("sites", [(SITE,), (Site("mlp_out", 0), Site("resid_post", 2)), (Site("heads", 1),)])
def test_a_perfect_dictionary_loses_nothing(subject: OpenSubject, sites: tuple[Site, ...]) -> None:
    found = splice(subject, perfect(subject, *sites), documents(subject))
    assert found.kl.value == pytest.approx(0, abs=1e-6)
    assert found.spliced.value == pytest.approx(found.clean.value, abs=1e-5)
    assert found.recovered.value == pytest.approx(1, abs=1e-4)
    assert found.clean.n == len(CORPUS)


def test_a_dictionary_that_gives_the_mean_recovers_nothing(subject: OpenSubject) -> None:
    ids = documents(subject)
    kept = [range(1, len(each)) for each in ids]
    acts = torch.cat([c.at[SITE] for c in capture(subject.model, ids, [SITE], positions=kept)])
    silent = replace(perfect(subject, SITE), threshold=torch.full((64,), 1e9), b_dec=acts.mean(0))
    found = splice(subject, silent, ids)
    assert found.recovered.value == pytest.approx(0, abs=1e-4)
    assert found.kl.value > 0.01


def test_the_clean_loss_is_that_of_the_model(subject: OpenSubject) -> None:
    ids = documents(subject)[:1]
    found = splice(subject, perfect(subject, SITE), ids, skip=0)
    given = torch.tensor(ids)
    with torch.no_grad():
        loss = subject.model(input_ids=given, labels=given).loss
    assert found.clean.value == pytest.approx(float(loss), rel=1e-5)


def test_another_model_and_empty_documents_are_refused(subject: OpenSubject, tmp_path: Path) -> None:
    other = replace(perfect(subject, SITE), models=("sha256:other",))
    with pytest.raises(CasebackError, match="trained on another model"):
        splice(subject, other, documents(subject))
    with pytest.raises(CasebackError, match="no document has more than 2 tokens"):
        splice(subject, perfect(subject, SITE), [[1, 2]])
