"""Adapters: exactly what PEFT computes while on, exactly nothing once off."""

import json
import shutil

import pytest
import torch
from peft import IA3Config, LoraConfig, PrefixTuningConfig, get_peft_model

from caseback.chat import user
from caseback.errors import CasebackError
from caseback.subject.adapters import attach, detach, merge, set_scale
from caseback.subject.load import load
from caseback.subject.subject import Sampling
from models_for_tests import save_tiny, tiny

IDS = torch.tensor([[5, 60, 7, 80, 9]])


def save_adapter(folder, config, seed=1):
    model, _ = tiny("llama")
    torch.manual_seed(seed)
    wrapped = get_peft_model(model, config)
    with torch.no_grad():
        for parameter in wrapped.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn_like(parameter) * 0.2)
    wrapped.eval()
    wrapped.save_pretrained(folder)
    with torch.no_grad():
        return folder, wrapped(IDS).logits


def lora(**changes):
    return LoraConfig(**{"r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "down_proj"], **changes})


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return str(save_tiny(tmp_path_factory.mktemp("base") / "llama"))


@pytest.fixture(scope="module")
def adapter(tmp_path_factory):
    return save_adapter(tmp_path_factory.mktemp("adapter"), lora())


@torch.no_grad()
def logits(subject):
    return subject.model(IDS).logits


def state(subject):
    return {name: value.clone() for name, value in subject.model.state_dict().items()}


def same_state(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def test_on_it_is_what_peft_computes_and_off_it_was_never_there(base, adapter):
    folder, expected = adapter
    subject = load(base)
    before, plain, digest = state(subject), logits(subject), subject.digest
    modules = [(name, id(module)) for name, module in subject.model.named_modules()]
    attach(subject, folder)
    assert torch.allclose(logits(subject), expected, atol=1e-5)
    assert not torch.allclose(logits(subject), plain, atol=1e-2)
    assert subject.digest != digest
    detach(subject)
    assert same_state(state(subject), before)
    assert torch.equal(logits(subject), plain)
    assert subject.digest == digest
    assert [(name, id(module)) for name, module in subject.model.named_modules()] == modules
    assert all(parameter.requires_grad for parameter in subject.model.parameters())


def test_load_takes_an_adapter_and_replies_change(base, adapter):
    chats = [[user("hello")], [user("and you, what do you say?")]]
    plain, adapted = load(base), load(base, adapter=str(adapter[0]))
    sampling = Sampling(16)
    assert [r.tokens for r in adapted.generate(chats, sampling)] != [r.tokens for r in plain.generate(chats, sampling)]


def test_scale_is_linear_in_the_weights(base, adapter):
    subject = load(base)
    plain = logits(subject)
    attach(subject, adapter[0], scale=0.0)
    assert torch.allclose(logits(subject), plain, atol=1e-6)
    at_zero = subject.digest
    set_scale(subject, 0.5)
    assert subject.digest != at_zero
    half = logits(subject)
    halved = load(base)
    from safetensors.torch import load_file

    stored = load_file(adapter[0] / "adapter_model.safetensors")
    with torch.no_grad():
        for name, module in halved.model.named_modules():
            key = f"base_model.model.{name}.lora_A.weight"
            if key in stored:
                module.weight += 0.5 * 2.0 * stored[key.replace("lora_A", "lora_B")] @ stored[key]
    assert torch.allclose(half, logits(halved), atol=1e-5)


def test_two_adapters_add_up_and_come_off_in_any_order(base, adapter, tmp_path):
    other, _ = save_adapter(tmp_path / "other", lora(), seed=2)
    subject = load(base)
    plain = logits(subject)
    attach(subject, adapter[0], name="one")
    only_one, digest_one = logits(subject), subject.digest
    attach(subject, other, name="two", scale=0.5)
    assert not torch.allclose(logits(subject), only_one, atol=1e-3)
    detach(subject, name="two")
    assert torch.allclose(logits(subject), only_one, atol=1e-6)
    assert subject.digest == digest_one
    attach(subject, other, name="two")
    detach(subject, name="one")
    detach(subject, name="two")
    assert torch.equal(logits(subject), plain)


def test_merged_weights_compute_the_same_without_an_adapter(base, adapter):
    subject = load(base)
    attach(subject, adapter[0], scale=0.7)
    expected, digest = logits(subject), subject.digest
    merge(subject)
    assert torch.allclose(logits(subject), expected, atol=1e-4)
    assert subject.attached is None
    assert subject.digest == digest
    assert not any("lora" in name for name, _ in subject.model.named_modules())
    with pytest.raises(CasebackError, match="no adapter"):
        merge(subject)


def test_whole_replaced_modules_come_off_too(base, tmp_path):
    folder, expected = save_adapter(tmp_path / "whole", lora(modules_to_save=["lm_head"]))
    subject = load(base)
    plain, before = logits(subject), state(subject)
    attach(subject, folder)
    assert torch.allclose(logits(subject), expected, atol=1e-4)
    with pytest.raises(CasebackError, match="can be scaled"):
        set_scale(subject, 0.5)
    detach(subject)
    assert torch.equal(logits(subject), plain)
    assert same_state(state(subject), before)


def test_other_kinds_work_or_are_refused(base, tmp_path):
    ia3 = IA3Config(target_modules=["k_proj", "down_proj"], feedforward_modules=["down_proj"])
    folder, expected = save_adapter(tmp_path / "ia3", ia3)
    subject = load(base)
    plain = logits(subject)
    attach(subject, folder)
    assert torch.allclose(logits(subject), expected, atol=1e-5)
    detach(subject)
    with pytest.raises(CasebackError, match="can be scaled"):
        attach(subject, folder, scale=0.5)
    assert torch.equal(logits(subject), plain)
    assert subject.attached is None
    model, _ = tiny("llama")
    prefix = PrefixTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=3)
    get_peft_model(model, prefix).save_pretrained(tmp_path / "prefix")
    with pytest.raises(CasebackError, match="adds to the prompt"):
        attach(subject, tmp_path / "prefix")


def test_faults_are_one_line_and_leave_the_model_as_it_was(base, adapter, tmp_path):
    subject = load(base)
    plain = logits(subject)

    def refused(folder, match, **settings):
        with pytest.raises(CasebackError, match=match) as caught:
            attach(subject, folder, **settings)
        assert "\n" not in str(caught.value)
        assert torch.equal(logits(subject), plain)

    refused(tmp_path, r"no adapter_config\.json")
    copy = shutil.copytree(adapter[0], tmp_path / "copy")
    weights = copy / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:500])
    refused(copy, "truncated")
    weights.rename(copy / "adapter_model.bin")
    refused(copy, "pickle form")
    (copy / "adapter_model.bin").unlink()
    refused(copy, r"no adapter_model\.safetensors")
    (copy / "adapter_config.json").write_text("{")
    refused(copy, "not JSON")
    pissa = shutil.copytree(adapter[0], tmp_path / "pissa")
    config = json.loads((pissa / "adapter_config.json").read_text())
    (pissa / "adapter_config.json").write_text(json.dumps({**config, "init_lora_weights": "pissa_niter_4"}))
    refused(pissa, "altered its base")
    wide = shutil.copytree(adapter[0], tmp_path / "wide")
    (wide / "adapter_config.json").write_text(json.dumps({**config, "r": 8}))
    refused(wide, "does not fit")
    refused(adapter[0], "can be scaled", scale=float("nan"))
    attach(subject, adapter[0])
    with pytest.raises(CasebackError, match="already"):
        attach(subject, adapter[0])
    with pytest.raises(CasebackError, match=r"no adapter named 'x'.*default"):
        detach(subject, name="x")
