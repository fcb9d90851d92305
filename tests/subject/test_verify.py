"""The self-check passes on what we know and speaks up where a block does something else."""

import pytest
import torch

from caseback.errors import CasebackError
from caseback.subject.verify import verify_sites
from models_by_hand import ARCHS, tiny


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("arch", ARCHS)
def test_known_architectures_pass(arch: str, dtype: torch.dtype) -> None:
    verify_sites(tiny(arch, dtype)[0])


def test_a_block_that_scales_what_it_adds_is_found() -> None:
    model, _ = tiny("llama")
    block = model.model.layers[2]
    plain = block.forward
    block.forward = lambda hidden, **kwargs: hidden + 0.5 * (plain(hidden, **kwargs) - hidden)
    with pytest.raises(CasebackError, match=r"LlamaForCausalLM: resid_post\.2 is off by"):
        verify_sites(model)


def test_a_stream_changed_between_blocks_is_found() -> None:
    model, _ = tiny("llama")
    model.model.layers[1].register_forward_pre_hook(lambda _, args: (args[0] * 2, *args[1:]))
    with pytest.raises(CasebackError, match="block 1 does not begin where block 0 ends"):
        verify_sites(model)
