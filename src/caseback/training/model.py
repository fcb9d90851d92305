"""Weights in and out of training, and the form in which a trainer is given the data."""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from caseback.chat import Message
from caseback.errors import CasebackError
from caseback.subject.chat_format import ChatFormat
from caseback.subject.open_subject import OpenSubject
from caseback.training.datum import Datum
from caseback.training.recipe import REWARDED, Method


def load_for_training(path: Path | str) -> OpenSubject:
    """The model in float32, on the CPU until a trainer moves it, with a tokenizer that can end and pad.

    Raises:
        CasebackError: where there is no such model, or no end token to teach it to stop with.
    """
    from caseback.subject.load import load

    subject = load(str(path), dtype="float32", device="cpu")
    if subject.tokenizer.eos_token is None:
        raise CasebackError(f"{path}: the tokenizer has no end-of-sequence token; set eos_token in its configuration")
    if subject.tokenizer.pad_token is None:
        subject.tokenizer.pad_token = subject.tokenizer.eos_token
    return subject


def rows(data: Sequence[Datum], format: ChatFormat, method: Method) -> list[dict[str, Any]]:
    """The data as TRL takes them, prompts token for token as ``format`` later puts them.

    With a chat template these are conversations, otherwise plain texts. KTO takes replies one by one, each good or bad,
    so there a preference makes two rows. Where replies are drawn and rewarded, a row is a prompt and the place of its
    datum.
    """
    if method in REWARDED:
        return [{**_prompt(datum, format), "place": place} for place, datum in enumerate(data)]
    return [
        {**_prompt(datum, format), **{name: _reply(*said, format) for name, said in replies.items()}, **label}
        for datum in data
        for replies, label in _targets(datum, method)
    ]


def _targets(datum: Datum, method: Method) -> list[tuple[dict[str, tuple[str, str]], dict[str, bool]]]:
    """The replies, text and thinking, by TRL's names for them, and whether each is a good one where the method asks."""
    chosen, rejected = (datum.chosen, datum.thinking), (datum.rejected, datum.rejected_thinking)
    if method == "sft":
        return [({"completion": chosen}, {})]
    if method == "dpo":
        return [({"chosen": chosen, "rejected": rejected}, {})]
    return [({"completion": said}, {"label": good}) for said, good in ((chosen, True), (rejected, False)) if said[0]]


def _prompt(datum: Datum, format: ChatFormat) -> dict[str, Any]:
    if not format.has_template:
        return {"prompt": format.prompt(datum.prompt).text}
    if not format.has_system_role:
        return {"prompt": _system_into_user(datum.prompt)}
    return {"prompt": [dict(message) for message in datum.prompt]}


def _reply(text: str, thinking: str, format: ChatFormat) -> Any:
    if not format.has_template:
        return f" {text}"
    thought = {"reasoning_content": thinking} if thinking else {}
    return [{"role": "assistant", "content": text, **thought}]


def save_trained(trainer: Any, base: Path | str, folder: Path) -> None:
    """Write the trained model as safetensors, with the tokenizer as the base had it.

    An adapter is merged into a fresh copy of its base, which also works where the trainer's weights are sharded over
    processes; the adapter itself is kept in ``adapter``. A quantised base is written in full precision.
    """
    from peft import PeftModel

    from caseback.subject.load import load, model_folder

    adapted = isinstance(trainer.accelerator.unwrap_model(trainer.model), PeftModel)
    target = folder / "adapter" if adapted else folder
    trainer.save_model(str(target))
    if not trainer.args.should_save:
        return
    (target / "training_args.bin").unlink(missing_ok=True)  # a pickle, and the recipe says it better
    for leftover in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "README.md"):
        (target / leftover).unlink(missing_ok=True)
    if adapted:
        fresh = load(str(base), dtype="float32", device="cpu").model
        if getattr(fresh, "is_quantized", False):
            fresh = _dequantised(fresh, base)
        PeftModel.from_pretrained(fresh, str(target)).merge_and_unload().save_pretrained(folder)
    from transformers import AutoTokenizer

    AutoTokenizer.from_pretrained(model_folder(str(base)), local_files_only=True).save_pretrained(folder)


def _dequantised(model: Any, base: Path | str) -> Any:
    """The model in full precision: few kinds of quantised weights can take an adapter in and still be written."""
    from transformers import AutoModelForCausalLM

    try:
        # On CPUs with AVX512-BF16 bitsandbytes packs 4-bit weights anew at the first pass, and what undoes the
        # quantisation does not know it; asking for the state puts them back.
        model.state_dict()
        weights = model.dequantize().state_dict()
        config = copy.deepcopy(model.config)
        vars(config).pop("quantization_config", None)
        plain = AutoModelForCausalLM.from_config(config, dtype="float32")
        plain.load_state_dict(weights)
        return plain
    except Exception as error:  # transformers raises errors of every kind where it cannot
        raise CasebackError(
            f"{base} is quantised in a way that transformers cannot undo ({type(error).__name__}: {error}); "
            "train the model that it was made from"
        ) from None


def _system_into_user(prompt: Sequence[Message]) -> list[dict[str, Any]]:
    """System text at the head of the first user turn, for templates that know no system role."""
    system = "\n\n".join(message["content"] for message in prompt if message["role"] == "system")
    rest = [dict(message) for message in prompt if message["role"] != "system"]
    if system and rest:
        rest[0] = {**rest[0], "content": f"{system}\n\n{rest[0]['content']}"}
    return rest
