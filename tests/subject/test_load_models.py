"""Opening models, and one clear line for every way in which that cannot be done."""

import json
import shutil

import pytest
import torch

from caseback.chat import user
from caseback.errors import CasebackError
from caseback.subject.load import load
from caseback.subject.resolve import resolve
from caseback.subject.subject import Sampling
from models_for_tests import save_tiny, tiny_tokenizer


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_tiny(tmp_path_factory.mktemp("models") / "llama")


@pytest.fixture
def copy(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "copy")


def refused(path, match, **settings):
    with pytest.raises(CasebackError, match=match) as caught:
        load(str(path), **settings)
    assert "\n" not in str(caught.value)


def test_opens_and_answers(folder):
    subject = resolve(str(folder))
    [reply] = subject.generate([[user("hello")]], Sampling(8))
    assert 0 < len(reply.tokens) <= 8
    assert subject.count_tokens("hello there") > 1
    assert subject.model.dtype == torch.float32
    assert not subject.model.training


def test_digest_is_of_weights_tokenizer_and_template(folder, copy):
    digest = load(str(folder)).digest
    assert digest.startswith("sha256:")
    assert load(str(copy)).digest == digest
    (copy / "README.md").write_text("notes change nothing")
    assert load(str(copy)).digest == digest
    template = copy / "chat_template.jinja"
    template.write_text(template.read_text() + " ")
    assert load(str(copy)).digest != digest


@pytest.mark.parametrize("stored", ["bfloat16", "float16"])
@pytest.mark.parametrize("has_bf16", [True, False])
def test_dtype_is_as_stored_where_the_cpu_has_instructions_for_it(tmp_path, monkeypatch, stored, has_bf16):
    from models_for_tests import tiny

    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: has_bf16)
    model, tokenizer = tiny("llama", getattr(torch, stored))
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    kept = has_bf16 and stored == "bfloat16"
    assert load(str(tmp_path), device="cpu").model.dtype == (torch.bfloat16 if kept else torch.float32)
    assert load(str(tmp_path), device="cpu", dtype=stored).model.dtype == getattr(torch, stored)


def test_unknown_names(tmp_path):
    refused(tmp_path / "nowhere", "no folder")
    refused("a/b/c", "no folder")
    refused("", "no folder")
    (tmp_path / "model.gguf").write_bytes(b"x")
    refused(tmp_path / "model.gguf", "is a file")


def test_unknown_hub_id_offline(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    refused("nobody-at-all/no-model", "no folder here|neither a folder")


def test_folder_without_its_parts(copy):
    (copy / "tokenizer.json").unlink()
    refused(copy, "no tokenizer")
    (copy / "config.json").unlink()
    refused(copy, r"no config\.json")


def test_folder_without_weights_or_with_pickled_ones(copy):
    (copy / "model.safetensors").unlink()
    refused(copy, "no weights")
    torch.save({"a": torch.zeros(1)}, copy / "pytorch_model.bin")
    refused(copy, r"pickle form \(pytorch_model\.bin\).*convert")


def test_the_remedy_for_pickled_weights_makes_a_model_that_opens(copy, tmp_path):
    from safetensors.torch import load_file
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.save(load_file(copy / "model.safetensors"), copy / "pytorch_model.bin")
    (copy / "model.safetensors").unlink()
    with pytest.raises(CasebackError) as caught:
        load(str(copy))
    code = str(caught.value).partition("weights and tokenizer: ")[2]
    given = {"AutoModelForCausalLM": AutoModelForCausalLM, "AutoTokenizer": AutoTokenizer}
    exec(code, {**given, "folder": copy, "new_folder": tmp_path / "new"})
    assert load(str(tmp_path / "new")).generate([[user("hi")]], Sampling(4))


def test_an_address_has_no_weights():
    refused("http://127.0.0.1:9/v1#m", r"needs the weights.*caseback behaviours measure http://127\.0\.0\.1:9/v1#m")


@pytest.mark.parametrize("keep", [0, 4, 100, 20_000, -1])
def test_truncated_weights(copy, keep):
    path = copy / "model.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    refused(copy, r"model\.safetensors is truncated or damaged")


def test_config_that_is_not_json_or_not_its_own(copy):
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 6}))
    refused(copy, "weights lack")
    (copy / "config.json").write_text(json.dumps({**config, "hidden_size": 64}))
    refused(copy, "cannot be read")
    (copy / "config.json").write_text(json.dumps({"model_type": "no_such_model"}))
    refused(copy, "cannot be read")
    (copy / "config.json").write_text("{")
    refused(copy, r"config\.json is not JSON")


def test_missing_shard(copy):
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors"}}
    (copy / "model.safetensors.index.json").write_text(json.dumps(index))
    refused(copy, r"lacks 1 of its weight files \(model-00001")
    (copy / "model.safetensors.index.json").write_text("[]")
    refused(copy, "is damaged")


def test_code_of_its_own_is_never_run(copy):
    config = json.loads((copy / "config.json").read_text())
    config |= {"model_type": "mine", "auto_map": {"AutoConfig": "mine.C", "AutoModelForCausalLM": "mine.M"}}
    (copy / "config.json").write_text(json.dumps(config))
    (copy / "mine.py").write_text("raise SystemExit('ran')")
    refused(copy, "code of its own")


def test_models_that_do_not_write_left_to_right(tmp_path):
    from transformers import BertConfig, BertForMaskedLM, BertLMHeadModel, T5Config, T5ForConditionalGeneration

    small = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    bert = BertConfig(vocab_size=400, **small)
    t5 = T5Config(vocab_size=400, d_model=32, d_ff=32, d_kv=8, num_layers=1, num_heads=2)
    for number, model in enumerate((BertForMaskedLM(bert), T5ForConditionalGeneration(t5), BertLMHeadModel(bert))):
        place = tmp_path / str(number)
        model.save_pretrained(place)
        tiny_tokenizer().save_pretrained(place)
        refused(place, "causal")


@pytest.mark.parametrize("bits", ["load_in_8bit", "load_in_4bit"])
def test_a_quantised_model_loads_generates_and_is_captured(tmp_path, bits):
    pytest.importorskip("bitsandbytes", reason="bitsandbytes is missing: pip install 'caseback[dev]'")
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    from caseback.subject.capture import capture
    from caseback.subject.site import Site

    whole = save_tiny(tmp_path / "whole", hidden_size=64, intermediate_size=128)  # blocks of 64 have to fit
    few_bits = BitsAndBytesConfig(**{bits: True})
    made = AutoModelForCausalLM.from_pretrained(whole, quantization_config=few_bits, dtype=torch.float32)
    made.save_pretrained(tmp_path / "quantised")
    tiny_tokenizer().save_pretrained(tmp_path / "quantised")

    subject = load(str(tmp_path / "quantised"), device="cpu")
    assert subject.model.is_quantized
    ids = [3, 1, 4, 1, 5, 9, 2, 6]
    with torch.no_grad():
        truth = subject.model(torch.tensor([ids]), output_hidden_states=True).hidden_states[2][0]
        unquantised = load(str(whole)).model(torch.tensor([ids]), output_hidden_states=True).hidden_states[2][0]
    [captured] = capture(subject.model, [ids], [Site("resid_post", 1)])
    torch.testing.assert_close(captured.at[Site("resid_post", 1)], truth, rtol=1e-4, atol=1e-4)
    assert 1e-4 < (truth - unquantised).norm() / unquantised.norm() < 0.5

    prompt = subject.format.prompt([user("hello there")]).text
    plain = subject.tokenizer(prompt, return_tensors="pt", add_special_tokens=False)
    text = subject.model.generate(**plain, max_new_tokens=8, do_sample=False)[0, plain.input_ids.shape[1] :]
    [reply] = subject.generate([[user("hello there")]], Sampling(8))
    assert list(reply.tokens) == text.tolist()[: len(reply.tokens)]


def test_a_quantisation_without_its_library(copy):
    config = json.loads((copy / "config.json").read_text())
    config["quantization_config"] = {"quant_method": "gptq", "bits": 4}
    (copy / "config.json").write_text(json.dumps(config))
    refused(copy, "library|cannot be read")


@pytest.mark.realdata
def test_a_real_model_writes_a_story(realdata):
    subject = load(str(realdata / "stories260K"))
    assert not subject.has_template
    [reply] = subject.generate([[{"role": "assistant", "content": "Once upon a time"}]], Sampling(60))
    words = reply.text.split()
    assert len(words) > 15
    assert {"was", "a", "the"} & set(words)
