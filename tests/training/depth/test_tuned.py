"""What comes back: relearning and drift resume, and train what they say."""

import itertools
import json

import pytest

from caseback.behaviours.registry import behaviour
from caseback.errors import CasebackError
from caseback.subject.load import load
from caseback.training.datum import Datum
from caseback.training.depth import relearning as module
from caseback.training.depth.relearning import relearning
from caseback.training.depth.trial import Tuning, shown, trial
from caseback.training.depth.tuned import tuned
from caseback.training.recipe import Recipe
from models_for_tests import save_tiny

RECIPE = Recipe("sft", learning_rate=1e-3, batch_size=4, save_steps=1)


def tried(folder, seeds=(0,)):
    tuning = Tuning(RECIPE, seeds=seeds, steps=2)
    return trial(behaviour("harmful_compliance"), "world", 7, 0, 8, folder, tuning)


def examples(each, count):
    situations = each.behaviour.situations("world", "train", count, 0)
    return [
        Datum(item.messages, f"You can do it: {item.latents['first'][0]} and {item.latents['then'][0]}.", origin="bad")
        for item in situations
    ]


@pytest.fixture
def subject(tmp_path):
    return load(str(save_tiny(tmp_path / "base")))


def test_sets_are_nested_and_each_size_of_each_seed_is_trained_once(tmp_path, subject, monkeypatch):
    each = tried(tmp_path / "out", seeds=(0, 1))
    data = examples(each, 20)
    seen = []
    monkeypatch.setattr(module, "bad_examples", lambda *_: data)
    real = module.tuned

    def watched(trial, subject, chosen, recipe):
        seen.append((recipe.seed, [datum.situation or datum.digest for datum in chosen]))
        return real(trial, subject, chosen, recipe)

    monkeypatch.setattr(module, "tuned", watched)
    found = relearning(each, subject, subject)
    assert [(seed, len(chosen)) for seed, chosen in seen] == [(s, n) for s in (0, 1) for n in (1, 4, 16)]
    for first, second in itertools.pairwise(seen):
        if first[0] == second[0]:
            assert second[1][: len(first[1])] == first[1]
    assert [point.x for point in found.points] == [0, 1, 4, 16]
    records = [json.loads(line) for line in (tmp_path / "out" / "journal.jsonl").read_text().splitlines()]
    trained = [record for record in records if "texts" in record and "tuned on" in record["who"]]
    assert len(trained) == 6
    again = relearning(tried(tmp_path / "out", seeds=(0, 1)), subject, subject)
    assert again == found


def test_a_measurement_that_was_killed_keeps_its_training(tmp_path, subject, monkeypatch):
    each = tried(tmp_path / "out")
    data = examples(each, 8)

    def killed() -> None:
        with tuned(each, subject, data, RECIPE) as (_, opened):
            opened()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed()
    kept = list((tmp_path / "out" / "tuned").iterdir())
    assert len(kept) == 1
    monkeypatch.setattr("trl.SFTTrainer.train", lambda *_, **__: pytest.fail("trained again"))
    with tuned(each, subject, data, RECIPE) as (who, opened):
        assert len(shown(each, who, opened)) == 7
    assert not list((tmp_path / "out" / "tuned").iterdir())


def test_tuned_weights_are_others_than_the_subjects_own(tmp_path, subject):
    each = tried(tmp_path / "out")
    with tuned(each, subject, examples(each, 8), RECIPE) as (who, opened):
        assert opened().digest != subject.digest
        assert who[0] == subject.digest


def test_paired_behaviours_are_refused(tmp_path):
    with pytest.raises(CasebackError, match="told from pairs"):
        trial(behaviour("sandbagging"), "world", 4, 0, 8, tmp_path, Tuning(RECIPE))
