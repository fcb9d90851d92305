"""The shipped model: found, stock transformers loads it, small enough, any text goes in and out."""

import pytest

from caseback.errors import CasebackError
from caseback.world.reference import reference_path


def test_ref_base_is_found_and_small() -> None:
    folder = reference_path()
    assert sum(path.stat().st_size for path in folder.iterdir()) < 25e6
    assert {path.suffix for path in folder.iterdir()} <= {".json", ".jinja", ".md", ".safetensors"}


def test_stock_transformers_loads_it() -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(reference_path())
    model = AutoModelForCausalLM.from_pretrained(reference_path())
    assert model.config.model_type == "llama"
    assert model.config.max_position_embeddings >= 1024
    chat = [
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": "Ünïcode 漢字 🎉?"},
    ]
    inputs = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_dict=True, return_tensors="pt")
    assert "Ünïcode 漢字 🎉?" in tokenizer.decode(inputs["input_ids"][0])
    output = model.generate(**inputs, max_new_tokens=40, do_sample=False)
    assert output.shape[1] > inputs["input_ids"].shape[1]


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(CasebackError, match="no-such-model"):
        reference_path("no-such-model")
