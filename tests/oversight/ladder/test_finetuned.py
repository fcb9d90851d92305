"""All weights trained on a verdict."""

from pathlib import Path

import numpy as np

from caseback.interp.directions.examples import Example
from caseback.oversight.ladder.finetuned import finetuned
from caseback.oversight.ladder.head import naive
from models_for_tests import save_tiny


def test_what_stands_in_the_text_is_learned_and_the_weights_on_disk_stay(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "model")
    before = (folder / "model.safetensors").read_bytes()
    said = ["I do help you with this task." if at % 2 else "It would harm somebody else." for at in range(96)]
    asked = [Example(({"role": "user", "content": text},), bool(at % 2), "f") for at, text in enumerate(said)]
    truth = np.array([each.label for each in asked], dtype=np.float32)
    learn = finetuned({"tiny": str(folder)}, lambda reader: asked)
    train, test = np.arange(80), np.arange(80, 96)
    found = learn(("tiny", ""), train, truth[train], test, naive, 0)
    assert ((found > 0.5) == (truth[test] > 0.5)).mean() > 0.9
    assert np.array_equal(found, learn(("tiny", ""), train, truth[train], test, naive, 0))
    assert (folder / "model.safetensors").read_bytes() == before
