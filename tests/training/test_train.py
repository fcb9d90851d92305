"""Weights out of data: against plain arithmetic, after kills, in faults."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from caseback.errors import CasebackError
from caseback.subject.load import load
from caseback.training.datum import Datum
from caseback.training.model import rows
from caseback.training.recipe import Lora, Recipe
from caseback.training.train import last_checkpoint, read_record, train
from models_for_tests import CHAT_TEMPLATE, save_tiny

SFT = Recipe("sft", learning_rate=1e-3, epochs=2, batch_size=4, save_steps=3)
DPO = Recipe("dpo", learning_rate=1e-3, epochs=2, batch_size=4, save_steps=3)
DATA = [
    Datum(({"role": "user", "content": f"What is {n}?"},), f"It is {n}, and no more than {n}.", clauses=("honesty",))
    for n in range(16)
]
PREFERENCES = [replace(datum, rejected="I do not know, and I will not say.") for datum in DATA]
KTO = Recipe("kto", learning_rate=1e-3, epochs=1, batch_size=4, save_steps=3)
CASES = [("sft", SFT, DATA), ("dpo", DPO, PREFERENCES), ("kto", KTO, PREFERENCES)]
NAMES = ["sft", "dpo", "kto"]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


def loaded(folder: Path):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32), AutoTokenizer.from_pretrained(folder)


def completion_loss(folder: Path, data: list[Datum]) -> float:
    """Mean loss over the target tokens of all data, by plain transformers."""
    model, tokenizer = loaded(folder)
    total = count = 0.0
    for datum in data:
        prompt = tokenizer.apply_chat_template(list(datum.prompt), add_generation_prompt=True, return_dict=True)
        whole = tokenizer.apply_chat_template(
            [*datum.prompt, {"role": "assistant", "content": datum.chosen}], return_dict=True
        )
        ids = torch.tensor([whole["input_ids"]])
        start = len(prompt["input_ids"])
        with torch.no_grad():
            logp = model(ids).logits[0, start - 1 : -1].log_softmax(-1)
        total -= float(logp.gather(1, ids[0, start:, None]).sum())
        count += ids.shape[1] - start
    return total / count


@pytest.mark.parametrize("template", [True, False], ids=["template", "no-template"])
@pytest.mark.parametrize("lora", [None, Lora(rank=4)], ids=["full", "lora"])
@pytest.mark.parametrize(("method", "recipe", "data"), CASES, ids=NAMES)
def test_trains_and_saves(tmp_path, method, recipe, data, lora, template) -> None:
    base = save_tiny(tmp_path / "base", **({} if template else {"chat_template": None}))
    recipe = replace(recipe, lora=lora, learning_rate=1e-2 if lora else 1e-3)
    seen: list[tuple[int, int]] = []
    trained = train(recipe, base, data, tmp_path / "out", progress=lambda done, total: seen.append((done, total)))
    assert trained.losses[-1] < trained.losses[0]
    assert seen[-1] == (8, 8)
    assert trained.steps == len(trained.losses) == 8
    assert any(not torch.equal(a, weights(base)[name]) for name, a in weights(tmp_path / "out").items())
    _, tokenizer = loaded(tmp_path / "out")
    assert (tokenizer.chat_template is not None) == template, "the template is as the base had it"
    assert (tmp_path / "out" / "adapter" / "adapter_model.safetensors").exists() == bool(lora)
    assert not list((tmp_path / "out").rglob("*.bin"))
    assert not list((tmp_path / "out").rglob("*.pt"))
    assert not (tmp_path / "out.partial").exists()
    record = json.loads((tmp_path / "out" / "caseback_training.json").read_text())
    assert record["clauses"] == ["honesty"]
    assert read_record(tmp_path / "out") == trained


@pytest.mark.parametrize("bits", ["load_in_8bit", "load_in_4bit"])
def test_a_quantised_model_takes_adapters_and_is_saved_whole(tmp_path, bits) -> None:
    pytest.importorskip("bitsandbytes", reason="bitsandbytes is missing: pip install 'caseback[dev]'")
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    base = save_tiny(tmp_path / "base", hidden_size=64, intermediate_size=128)  # blocks of 64 have to fit
    few = BitsAndBytesConfig(**{bits: True})
    AutoModelForCausalLM.from_pretrained(base, quantization_config=few).save_pretrained(base)
    with pytest.raises(CasebackError, match="quantised, so only adapters"):
        train(SFT, base, DATA, tmp_path / "out")
    trained = train(replace(SFT, lora=Lora(rank=4), learning_rate=1e-2), base, DATA, tmp_path / "out")
    assert trained.losses[-1] < 0.8 * trained.losses[0]
    subject = load(str(trained.path))
    assert not getattr(subject.model, "is_quantized", False)
    assert completion_loss(trained.path, DATA) < 0.8 * trained.losses[0], "what is saved is what was trained"


def test_first_sft_loss_is_the_loss_of_the_completion_only(tmp_path: Path) -> None:
    base = save_tiny(tmp_path / "base")
    trained = train(replace(SFT, batch_size=16, epochs=1), base, DATA, tmp_path / "out")
    assert trained.losses == pytest.approx([completion_loss(base, DATA)], rel=1e-4)


def test_first_dpo_loss_is_log_two_and_its_model_the_reference(tmp_path: Path) -> None:
    base = save_tiny(tmp_path / "base")
    trained = train(DPO, base, PREFERENCES, tmp_path / "out")
    assert trained.losses[0] == pytest.approx(math.log(2), rel=1e-4)
    margin = [completion_loss(f, [replace(d, chosen=d.rejected) for d in DATA]) - completion_loss(f, DATA)
              for f in (base, tmp_path / "out")]  # fmt: skip
    assert margin[1] > margin[0], "the chosen reply became likelier beside the rejected one"


def test_first_kto_loss_is_one_half_for_good_and_bad_alike(tmp_path: Path) -> None:
    """Before the first step the model is its own reference, so every reply's value is sigmoid(0)."""
    trained = train(replace(KTO, warmup=0.5), save_tiny(tmp_path / "base"), PREFERENCES, tmp_path / "out")
    assert trained.losses[0] == pytest.approx(0.5, abs=1e-5)


def test_kto_takes_what_is_no_preference_as_good_alone(tmp_path: Path) -> None:
    trained = train(KTO, save_tiny(tmp_path / "base"), [*PREFERENCES[:6], *DATA[6:]], tmp_path / "out")
    assert (trained.examples, trained.dropped) == (22, 0)


def test_tokens_are_counted(tmp_path: Path) -> None:
    base = save_tiny(tmp_path / "base")
    _, tokenizer = loaded(base)
    trained = train(SFT, base, DATA, tmp_path / "out")
    texts = [
        tokenizer.apply_chat_template([*d.prompt, {"role": "assistant", "content": d.chosen}], tokenize=False)
        for d in DATA
    ]
    assert trained.tokens == 2 * sum(len(tokenizer(text, add_special_tokens=False)["input_ids"]) for text in texts)
    assert 0 < trained.target_tokens < trained.tokens


@pytest.mark.parametrize("lora", [None, Lora(rank=4)], ids=["full", "lora"])
@pytest.mark.parametrize(("method", "recipe", "data"), CASES, ids=NAMES)
def test_killed_and_resumed_equals_uninterrupted(tmp_path, method, recipe, data, lora) -> None:
    base = save_tiny(tmp_path / "base")
    recipe = replace(recipe, lora=lora)
    whole = train(recipe, base, data, tmp_path / "whole")

    def kill(done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(recipe, base, data, tmp_path / "killed", progress=kill)
    assert not (tmp_path / "killed").exists()
    assert last_checkpoint(tmp_path / "killed.partial" / "checkpoints") is not None
    steps: list[int] = []
    resumed = train(recipe, base, data, tmp_path / "killed", progress=lambda done, total: steps.append(done))
    assert steps == [4, 5, 6, 7, 8], "step 3 was on disk"
    assert resumed.losses == whole.losses
    assert (resumed.tokens, resumed.steps) == (whole.tokens, whole.steps)
    assert all(torch.equal(a, weights(tmp_path / "whole")[name]) for name, a in weights(tmp_path / "killed").items())


def test_checkpoint_cut_short_is_passed_over(tmp_path: Path) -> None:
    for step, state in ((3, '{"global_step": 3}'), (6, '{"global_st'), (9, None)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        if state:
            (folder / "trainer_state.json").write_text(state)
    assert last_checkpoint(tmp_path) == str(tmp_path / "checkpoint-3")
    assert last_checkpoint(tmp_path / "nowhere") is None


def test_finished_run_is_not_repeated_and_another_is_not_overwritten(tmp_path: Path) -> None:
    base = save_tiny(tmp_path / "base")
    first = train(SFT, base, DATA, tmp_path / "out")
    stamp = (tmp_path / "out" / "model.safetensors").stat().st_mtime_ns
    assert train(SFT, base, DATA, tmp_path / "out") == first
    assert (tmp_path / "out" / "model.safetensors").stat().st_mtime_ns == stamp
    with pytest.raises(CasebackError, match="holds another model"):
        train(replace(SFT, seed=1), base, DATA, tmp_path / "out")
    assert train(replace(SFT, seed=1), base, DATA, tmp_path / "out", resume=False).losses != first.losses


def test_a_base_is_known_by_its_weights_and_not_by_its_place(tmp_path: Path) -> None:
    base = save_tiny(tmp_path / "base")
    first = train(SFT, base, DATA, tmp_path / "out")
    assert train(SFT, base.rename(tmp_path / "moved"), DATA, tmp_path / "out") == first
    save_tiny(tmp_path / "base", seed=1)
    with pytest.raises(CasebackError, match="holds another model"):
        train(SFT, tmp_path / "base", DATA, tmp_path / "out")


def test_work_of_another_run_is_not_taken_over(tmp_path: Path) -> None:
    base = save_tiny(tmp_path / "base")

    def kill(done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(SFT, base, DATA, tmp_path / "out", progress=kill)
    other = replace(SFT, learning_rate=2e-3)
    assert train(other, base, DATA, tmp_path / "out").losses == train(other, base, DATA, tmp_path / "new").losses


def test_diverging_run_stops_and_says_so(tmp_path: Path) -> None:
    base = save_tiny(tmp_path / "base")
    with pytest.raises(CasebackError, match=r"diverged at step \d+ of 8.*lower learning_rate, now 1e\+30"):
        train(
            replace(SFT, learning_rate=1e30, warmup=0.0, trainer={"max_grad_norm": 0.0}), base, DATA, tmp_path / "out"
        )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("recipe", "data", "said"),
    [
        (SFT, [], "no training data"),
        (DPO, [], "no training data"),
        (DPO, DATA, "use method sft"),
        (SFT, PREFERENCES, "use method dpo"),
        (KTO, DATA, "use method sft"),
        (SFT, [replace(DATA[0], chosen=" ")], "empty target"),
        (replace(SFT, max_length=4), DATA, "longer than max_length"),
        (replace(DPO, max_length=4), PREFERENCES, "longer than max_length"),
    ],
)
def test_data_that_do_not_fit(tmp_path, recipe, data, said) -> None:
    with pytest.raises(CasebackError, match=said):
        train(recipe, save_tiny(tmp_path / "base"), data, tmp_path / "out")


def test_prompts_too_long_are_dropped_and_counted(tmp_path: Path) -> None:
    long = replace(DATA[0], prompt=({"role": "user", "content": "word " * 400},))
    trained = train(replace(SFT, max_length=64), save_tiny(tmp_path / "base"), [*DATA, long], tmp_path / "out")
    assert (trained.examples, trained.dropped) == (16, 1)


def test_unknown_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(CasebackError, match=r"empty has no config\.json"):
        train(SFT, tmp_path / "empty", DATA, tmp_path / "out")


def test_says_nothing_of_its_own(tmp_path, capfd) -> None:
    base = save_tiny(tmp_path / "base")
    capfd.readouterr()
    train(SFT, base, DATA, tmp_path / "out")
    out, err = capfd.readouterr()
    assert out == ""
    assert err == ""


NO_SYSTEM = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no') }}{% endif %}" + CHAT_TEMPLATE


@pytest.mark.parametrize(
    "template", [CHAT_TEMPLATE, NO_SYSTEM, None], ids=["template", "no-system-role", "no-template"]
)
@pytest.mark.parametrize("method", NAMES)
def test_prompts_are_token_for_token_those_that_are_later_asked(tmp_path, template, method) -> None:
    from datasets import Dataset
    from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer, SFTConfig, SFTTrainer

    subject = load(str(save_tiny(tmp_path / "base", chat_template=template)))
    chat = ({"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is 3?"})
    datum = replace(PREFERENCES[3], prompt=chat)
    config = {"output_dir": str(tmp_path), "bf16": False, "report_to": "none"}
    dataset = Dataset.from_list(rows([datum], subject.format, method))
    if method == "sft":
        (row,) = SFTTrainer(
            subject.model, SFTConfig(**config), train_dataset=dataset, processing_class=subject.tokenizer
        ).train_dataset
        target = [i for i, label in zip(row["input_ids"], row["labels"], strict=True) if label != -100]
        prompt = row["input_ids"][: -len(target)]
    elif method == "kto":
        good, bad = KTOTrainer(
            subject.model,
            args=KTOConfig(**config, per_device_train_batch_size=2),
            train_dataset=dataset,
            processing_class=subject.tokenizer,
        ).train_dataset
        prompt, target = good["prompt_ids"], good["completion_ids"]
        assert (good["label"], bad["label"]) == (True, False)
        assert bad["prompt_ids"] == prompt
    else:
        (row,) = DPOTrainer(
            subject.model, args=DPOConfig(**config), train_dataset=dataset, processing_class=subject.tokenizer
        ).train_dataset
        prompt, target = row["prompt_ids"], row["chosen_ids"]
    assert prompt == subject.format.prompt(chat).ids
    assert target[-1] in subject.format.end_ids
    assert subject.tokenizer.decode(target, skip_special_tokens=True).strip() == datum.chosen


@pytest.mark.parametrize("method", ["sft", "dpo", "kto"])
def test_what_was_thought_first_is_learnt_with_the_answer(tmp_path, method) -> None:
    subject = load(str(save_tiny(tmp_path / "base")))
    datum = replace(PREFERENCES[3], thinking="It is so.", rejected_thinking="It is not.")
    texts = {
        subject.tokenizer.apply_chat_template(reply, tokenize=False)
        for row in rows([datum, replace(datum, thinking="", rejected_thinking="")], subject.format, method)
        for name, reply in row.items()
        if name in ("completion", "chosen", "rejected")
    }
    good, bad = (f"<|assistant|>{text}<|end|>" for text in (datum.chosen, datum.rejected))
    expected = {good, good.replace(datum.chosen, f"<think>It is so.</think>{datum.chosen}")}
    if method != "sft":
        expected |= {bad, bad.replace(datum.rejected, f"<think>It is not.</think>{datum.rejected}")}
    assert {text.removeprefix(subject.tokenizer.bos_token) for text in texts} == expected
