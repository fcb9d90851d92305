"""The accessor finds the parts of every architecture, and says so where it cannot."""

import pytest
import torch
from torch import nn

from caseback.errors import CasebackError
from caseback.subject.layers import find_decoder, in_width
from models_by_hand import ARCHS, MODULES, N_LAYERS, D, module_of, tiny


@pytest.mark.parametrize("arch", ARCHS)
def test_parts_of_every_architecture(arch: str) -> None:
    model, _ = tiny(arch)
    decoder = find_decoder(model)
    assert decoder.stack is model.get_submodule(MODULES[arch]["stack"])
    assert decoder.embedding is model.get_input_embeddings()
    assert decoder.head is model.get_output_embeddings()
    assert (decoder.d_model, decoder.n_heads, len(decoder.blocks)) == (D, 4, N_LAYERS)
    hidden = torch.randn(1, 3, D)
    ids = torch.tensor([[7, 8, 9]])
    with torch.no_grad():
        last = decoder.stack(ids).last_hidden_state
        assert decoder.head is not None
        torch.testing.assert_close(decoder.head(last), model(ids).logits)
    assert decoder.norm is not None
    assert decoder.norm(hidden).shape == hidden.shape
    for number, block in enumerate(decoder.blocks):
        assert block.layer is module_of(model, arch, "resid_post", number)
        assert block.attention_projection is module_of(model, arch, "heads", number)
        assert block.attention_out is module_of(model, arch, "attn_out", number)
        assert block.mlp_out is module_of(model, arch, "mlp_out", number)
        if arch == "mixtral":
            assert block.mlp_projection is None
        else:
            assert block.mlp_projection is module_of(model, arch, "neurons", number)
            assert in_width(block.mlp_projection) == (128 if arch in ("gpt2", "gpt_neo") else 64)


def test_a_model_without_its_head() -> None:
    model, _ = tiny("llama")
    decoder = find_decoder(model.model)
    assert decoder.stack is model.model
    assert decoder.head is None


def test_through_a_lora_adapter() -> None:
    from peft import LoraConfig, get_peft_model

    model, _ = tiny("qwen3")
    adapted = get_peft_model(model, LoraConfig(target_modules=["o_proj", "down_proj", "q_proj"], r=2))
    decoder = find_decoder(adapted)
    block = decoder.blocks[1]
    assert block.attention_projection is model.model.layers[1].self_attn.o_proj
    assert block.mlp_projection is not None
    assert in_width(block.mlp_projection) == 64


def test_a_prompt_learning_adapter_is_refused() -> None:
    from peft import PromptTuningConfig, get_peft_model

    model, _ = tiny("llama")
    adapted = get_peft_model(model, PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=2))
    with pytest.raises(CasebackError, match="virtual tokens"):
        find_decoder(adapted)


def test_what_is_no_causal_decoder_is_refused() -> None:
    from transformers import BertConfig, BertModel, T5Config, T5ForConditionalGeneration

    small = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    with pytest.raises(CasebackError, match="BertModel"):
        find_decoder(BertModel(BertConfig(vocab_size=50, **small)))
    t5 = T5Config(d_model=16, num_layers=2, num_heads=2, d_ff=32, d_kv=8, vocab_size=50, decoder_start_token_id=0)
    with pytest.raises(CasebackError, match="decoder-only"):
        find_decoder(T5ForConditionalGeneration(t5))
    with pytest.raises(CasebackError, match="not a model of transformers"):
        find_decoder(nn.Linear(2, 2))
    both_ways, _ = tiny("gemma3", use_bidirectional_attention=True)
    with pytest.raises(CasebackError, match="later tokens"):
        find_decoder(both_ways)


def test_a_compiled_model_is_refused() -> None:
    model, _ = tiny("llama")
    with pytest.raises(CasebackError, match=r"torch\.compile"):
        find_decoder(torch.compile(model))
    model.model.layers[1].compile()
    with pytest.raises(CasebackError, match=r"torch\.compile"):
        find_decoder(model)
