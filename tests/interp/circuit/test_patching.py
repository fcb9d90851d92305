"""Every cell is what hooks written by hand give, and known places carry just what they must."""

from contextlib import ExitStack

import pytest
import torch

from caseback.errors import CasebackError
from caseback.interp.circuit import patching
from caseback.interp.circuit.patching import first_changed, patch_prompts, patching_data
from models_for_tests import ARCHS, tiny

IDS = [1, 40, 77, 12, 300, 8, 91]
OTHER = [1, 40, 78, 12, 300, 8, 91]


@pytest.fixture(scope="module")
def llama():
    return tiny("llama", torch.float64)[0]


def told(model, ids=IDS, other=OTHER) -> tuple[int, int]:
    """The tokens that the two prompts favour most over one another: a random model's own answers may be the same."""
    with torch.no_grad():
        less = model(torch.tensor([ids])).logits[0, -1] - model(torch.tensor([other])).logits[0, -1]
    return int(less.argmax()), int(less.argmin())


def by_hand(model, ids, other, layer: int, kind: str, at: slice, head: int | None = None) -> torch.Tensor:
    """The last logits with one sublayer's values taken from the other prompt, by plain hooks."""
    block = model.model.layers[layer]
    module = {"attn_out": block.self_attn, "mlp_out": block.mlp, "heads": block.self_attn.o_proj}[kind]
    kept: list[torch.Tensor] = []

    def read(_, args, output=None):
        value = args[0] if output is None else output[0] if isinstance(output, tuple) else output
        kept.append(value.detach().clone())

    def write(_, args, output=None):
        value = (args[0] if output is None else output[0] if isinstance(output, tuple) else output).clone()
        if head is None:
            value[:, at] = kept[0][:, at]
        else:
            width = value.shape[-1] // model.config.num_attention_heads
            value[:, at, head * width : (head + 1) * width] = kept[0][:, at, head * width : (head + 1) * width]
        return (value,) if output is None else (value, *output[1:]) if isinstance(output, tuple) else value

    hook = module.register_forward_pre_hook if kind == "heads" else module.register_forward_hook
    with torch.no_grad():
        handle = hook(read)
        model(torch.tensor([other]))
        handle.remove()
        handle = hook(write)
        logits = model(torch.tensor([ids])).logits[0, -1]
        handle.remove()
    return logits


def share(found, logits: torch.Tensor) -> float:
    gap = float(logits[found.answer] - logits[found.other_answer])
    return (found.gap - gap) / (found.gap - found.other_gap)


def test_every_cell_is_what_hooks_by_hand_give(llama):
    found = patch_prompts(llama, IDS, OTHER, told(llama))
    assert found.first == 2
    for kind in ("attn_out", "mlp_out"):
        for layer, row in enumerate(found.cells[kind]):
            assert len(row) == len(IDS) - 2
            for at, cell in enumerate(row, start=2):
                expected = share(found, by_hand(llama, IDS, OTHER, layer, kind, slice(at, at + 1)))
                assert cell.moved == pytest.approx(expected, abs=1e-5)
                assert cell.turned == (found.gap - expected * (found.gap - found.other_gap) < 0)
    for layer, row in enumerate(found.heads):
        assert len(row) == llama.config.num_attention_heads
        for head, cell in enumerate(row):
            assert cell.moved == pytest.approx(
                share(found, by_hand(llama, IDS, OTHER, layer, "heads", slice(2, None), head)), abs=1e-5
            )


def test_the_token_that_differs_is_all_of_it_at_the_first_block(llama):
    found = patch_prompts(llama, IDS, OTHER, told(llama))
    into = found.cells["resid_pre"]
    assert [cell.moved for cell in into[0]] == pytest.approx([1.0, 0.0, 0.0, 0.0, 0.0], abs=1e-5)
    assert into[0][0].turned == (found.other_gap < 0)
    assert into[0][1].turned == (found.gap < 0)


def test_whole_sublayers_are_all_blocks_at_once(llama):
    """MLPs with attention free; attention with the MLPs held, without which it would be all of it."""
    found = patch_prompts(llama, IDS, OTHER, told(llama))
    names = ("self_attn", "mlp")
    blocks = range(llama.config.num_hidden_layers)

    def run(ids, put: dict[tuple[str, int], torch.Tensor] | None = None):
        kept: dict[tuple[str, int], torch.Tensor] = {}

        def hooked(name: str, layer: int):
            def at(_, __, output):
                value = output[0] if isinstance(output, tuple) else output
                kept[name, layer] = value.clone()
                if not put or (name, layer) not in put:
                    return None
                new = torch.cat([value[:, :2], put[name, layer][:, 2:]], 1)
                return (new, *output[1:]) if isinstance(output, tuple) else new

            return getattr(llama.model.layers[layer], name).register_forward_hook(at)

        with torch.no_grad(), ExitStack() as undo:
            for name in names:
                for layer in blocks:
                    undo.callback(hooked(name, layer).remove)
            return llama(torch.tensor([ids])).logits[0, -1], kept

    (_, own), (_, theirs) = run(IDS), run(OTHER)
    mlps = {("mlp", layer): theirs["mlp", layer] for layer in blocks}
    held = {("self_attn", layer): theirs["self_attn", layer] for layer in blocks}
    held |= {("mlp", layer): own["mlp", layer] for layer in blocks}
    for kind, put in (("mlp_out", mlps), ("attn_out", held)):
        assert found.whole[kind].moved == pytest.approx(share(found, run(IDS, put)[0]), abs=1e-5)
    free = {("self_attn", layer): theirs["self_attn", layer] for layer in blocks}
    assert share(found, run(IDS, free)[0]) == pytest.approx(1.0, abs=1e-5)


def test_copies_in_one_pass_or_in_many_give_the_same_and_are_counted(llama, monkeypatch: pytest.MonkeyPatch):
    ticks: list[tuple[int, int]] = []
    whole = patch_prompts(llama, IDS, OTHER, told(llama), progress=lambda *tick: ticks.append(tick))
    assert ticks[-1][0] == ticks[-1][1]
    monkeypatch.setattr(patching, "BATCH_TOKENS", 1)
    single = patch_prompts(llama, IDS, OTHER, told(llama))
    for kind, rows in whole.cells.items():
        for one, two in zip(rows, single.cells[kind], strict=True):
            assert [cell.moved for cell in one] == pytest.approx([cell.moved for cell in two], abs=1e-6)


def test_prompts_of_unlike_length_meet_at_their_ends(llama):
    longer = [1, 40, 78, 79, 12, 300, 8, 91]
    found = patch_prompts(llama, IDS, longer, told(llama, IDS, longer))
    assert found.first == 2
    assert len(found.cells["mlp_out"][0]) == len(IDS) - 2
    turned = patch_prompts(llama, longer, IDS, told(llama, longer, IDS))
    assert turned.first == 3
    # Its last token is read off at the last block whatever came before it.
    assert found.cells["resid_pre"][0][-1].moved == pytest.approx(0.0, abs=1e-5)


@pytest.mark.parametrize("arch", ARCHS)
def test_any_decoder(arch: str):
    model, _ = tiny(arch)
    found = patch_prompts(model, IDS, OTHER, told(model))
    assert found.cells["resid_pre"][0][0].moved == pytest.approx(1.0, abs=1e-3)
    assert set(found.cells) >= {"resid_pre"}
    data = patching_data(found, str)
    assert data["tokens"] == [str(token) for token in IDS]
    assert len(data["cells"]["resid_pre"]) == len(found.cells["resid_pre"])


def test_a_stream_that_is_scaled_has_no_sublayers_to_patch():
    model, _ = tiny("llama")
    model.config.residual_multiplier = 0.5
    found = patch_prompts(model, IDS, OTHER, told(model))
    assert set(found.cells) == {"resid_pre"}
    assert not found.whole


def test_what_cannot_be_told_apart_is_said(llama):
    with pytest.raises(CasebackError, match="the two prompts are the same"):
        patch_prompts(llama, IDS, IDS)
    with pytest.raises(CasebackError, match="one prompt is how the other begins"):
        patch_prompts(llama, IDS, IDS[:-1])
    with pytest.raises(CasebackError, match="both prompts go on with the same token"):
        patch_prompts(llama, IDS, OTHER, (5, 5))
    with pytest.raises(CasebackError, match="favours its answer no more"):
        patch_prompts(llama, IDS, OTHER, told(llama)[::-1])


def test_where_prompts_begin_to_differ():
    assert first_changed([1, 2, 3, 9], [1, 2, 4, 9]) == 2
    assert first_changed([1, 2, 3, 9], [1, 4, 9]) == 2
    assert first_changed([1, 4, 9], [1, 2, 3, 9]) == 1
