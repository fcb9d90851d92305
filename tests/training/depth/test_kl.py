"""The divergence of next tokens along replies: against the definition."""

import pytest
import torch

from caseback.subject.load import load
from caseback.training.depth.kl import kl_both
from models_for_tests import save_tiny, tiny


@pytest.mark.parametrize("arch", ["llama", "gpt2"])
def test_both_directions_are_the_definition(arch):
    first, second = tiny(arch, seed=0)[0], tiny(arch, seed=1)[0]
    prompt, reply = [5, 6, 7], [8, 9, 10, 11]
    forward, backward = kl_both(first, second, prompt, reply)
    with torch.no_grad():
        logits = [model(torch.tensor([prompt + reply])).logits[0].double() for model in (first, second)]
    for at in range(len(reply)):
        p, q = (each[len(prompt) - 1 + at].softmax(-1) for each in logits)
        assert forward[at] == pytest.approx(float((p * (p / q).log()).sum()), rel=1e-4)
        assert backward[at] == pytest.approx(float((q * (q / p).log()).sum()), rel=1e-4)


def test_a_model_is_at_no_distance_from_itself_and_an_empty_reply_has_no_positions(tmp_path):
    model = load(str(save_tiny(tmp_path / "m"))).model
    assert kl_both(model, model, [5, 6], [7, 8]) == ([0.0, 0.0], [0.0, 0.0])
    assert kl_both(model, model, [5, 6], []) == ([], [])
