"""From conversations to units and examples, on a subject and a dictionary made by hand."""

from pathlib import Path

import numpy as np
import pytest
import torch

from caseback.errors import CasebackError
from caseback.interp.dictionary.dictionary import encode
from caseback.interp.labels.conversations import conversations, documents
from caseback.interp.labels.examples import examples, likeness, silent_turns
from caseback.interp.labels.label import best_labels, label_of_variable
from caseback.interp.labels.study import check_fits
from caseback.interp.labels.units import Heard, heard
from caseback.interp.store.write import capture_store
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site
from caseback.world.spec import WORLD_A
from interp.labels.dictionaries import LATENTS, SITE, dictionary_for
from models_for_tests import save_tiny


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> OpenSubject:
    return load(str(save_tiny(tmp_path_factory.mktemp("model"), max_position_embeddings=2048)), dtype="float32")


@pytest.fixture(scope="module")
def listened(subject: OpenSubject, tmp_path_factory: pytest.TempPathFactory) -> Heard:
    told = conversations(WORLD_A, "test", 2, 0)
    store = capture_store(subject, documents(subject, told, WORLD_A), [SITE], tmp_path_factory.mktemp("store"))
    return heard(store, dictionary_for(subject))


def test_values_are_the_codes_and_a_turn_has_its_largest(subject: OpenSubject, listened: Heard) -> None:
    store, tokens, turns = listened.store, listened.tokens, listened.turns
    codes = encode(dictionary_for(subject), store.read(SITE, np.arange(len(store))).float()).dense()
    assert torch.from_numpy(tokens.values.toarray()).float().allclose(codes)
    for number in (0, 5, len(turns.first) - 1):
        rows = slice(turns.first[number], turns.stop[number])
        assert turns.values.toarray()[number] == pytest.approx(codes[rows].max(0).values.numpy())
        assert set(listened.turn[rows]) == {number}
        assert len(set(tokens.conversation[rows])) == 1


def test_truth_stands_where_the_spans_are(subject: OpenSubject, listened: Heard) -> None:
    rows = np.flatnonzero(listened.tokens.truth["number"])
    digits = [subject.tokenizer.decode([token]) for token in listened.store.tokens(rows).tolist()]
    assert digits
    assert all(any(sign.isdigit() for sign in text) for text in digits)
    asked = listened.turns.truth["asks_harm"]
    assert asked.any()
    assert listened.turns.coded[asked].all()  # what the user asks last is what is put in an encoding
    assert not listened.turns.coded[listened.turns.truth["refuses"]].any()


def test_examples_are_the_highest_the_active_and_the_silent(subject: OpenSubject, listened: Heard) -> None:
    (found,) = examples(listened, [SITE], [3], subject.tokenizer, 4, seed=0)
    values = listened.tokens.of(3)
    heights = [e.values[e.at] for e in found.highest]
    assert heights[0] == pytest.approx(values.max())
    assert heights == sorted(heights, reverse=True)
    assert all(e.values[e.at] > 0 for e in found.random)
    assert all(e.values[e.at] == 0 for e in found.near)
    for sort in (found.highest, found.random, found.near):
        assert len({e.conversation for e in sort}) == len(sort)
        assert all(len(e.tokens) == len(e.values) for e in sort)


def test_near_misses_are_where_the_space_is_most_like_the_active_tokens(subject: OpenSubject, listened: Heard) -> None:
    values, store = listened.tokens.of(3), listened.store
    x = store.read(SITE, np.arange(len(store))).double()
    centre = x[values > 0].mean(0) - x.mean(0)
    truth = torch.nn.functional.cosine_similarity(x - x.mean(0), centre[None], dim=1)
    assert torch.from_numpy(likeness(listened, [SITE], [3])[:, 0]).allclose(truth)
    silent = silent_turns(listened, values)
    assert not set(listened.turn[silent]) & set(listened.turn[values > 0])
    assert set(np.flatnonzero(listened.turn >= 0)) - set(silent) == {
        row for row in np.flatnonzero(listened.turn >= 0) if listened.turn[row] in set(listened.turn[values > 0])
    }


def test_labels_name_variables_and_their_dose(listened: Heard) -> None:
    labels = best_labels(listened)
    names = [label.variable for label in labels]
    assert len(set(names)) == len(names) > 25
    assert all(label.by == "world" and 0 <= label.latent < LATENTS for label in labels)
    one = label_of_variable(listened, 3, "state", 0.5, 0.1)
    values = listened.tokens.of(3)
    assert one.typical == pytest.approx(values[values > 0.5].mean())
    assert one.claim is None
    assert label_of_variable(listened, 3, "asks_harm", 0.0, 0.1).claim is not None


def test_a_dictionary_of_another_model_or_of_two_sites_is_refused(subject: OpenSubject, tmp_path: Path) -> None:
    from dataclasses import replace

    made = dictionary_for(subject)
    with pytest.raises(CasebackError, match="trained on another model"):
        check_fits(replace(made, models=("sha256:other",)), subject)
    with pytest.raises(CasebackError, match="reads and writes one site"):
        check_fits(replace(made, writes=(Site("resid_post", 2),)), subject)
