"""Weights in and out of training: transformers' loader with errors that say what to do, safetensors on the way out."""

import shutil
from pathlib import Path
from typing import Any

from caseback.errors import CasebackError

FALLBACK = (
    "{{ bos_token }}{% for message in messages %}{{ message['role'] | capitalize }}: {{ message['content'] }}"
    "{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}\n\n{% endfor %}"
    "{% if add_generation_prompt %}Assistant:{% endif %}"
)


def load_for_training(path: Path | str) -> tuple[Any, Any]:
    """Model (float32) and tokenizer of a causal LM, by folder or hub id, ready for a trainer.

    A tokenizer without chat template gets the one that ``caseback.subject`` talks to such models with, so that what is
    trained is what is later asked; one without a padding token pads with its end token.

    Raises:
        CasebackError: where there is no such model, or no end token to teach it to stop with.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(str(path))
        model = AutoModelForCausalLM.from_pretrained(str(path), dtype=torch.float32, use_safetensors=True)
    except Exception as error:  # transformers raises many kinds
        raise CasebackError(f"{path}: cannot be loaded for training ({' '.join(str(error).split())[:300]})") from error
    if tokenizer.eos_token is None:
        raise CasebackError(f"{path}: the tokenizer has no end-of-sequence token; set eos_token in its configuration")
    if tokenizer.chat_template is None:
        tokenizer.chat_template = FALLBACK
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return model, tokenizer


def save_trained(trainer: Any, base: Path | str, folder: Path) -> None:
    """Write the trained model as safetensors, with the tokenizer as the base had it.

    An adapter is merged into a fresh copy of its base, which also works where the trainer's weights are sharded over
    processes; the adapter itself is kept in ``adapter``.
    """
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    adapted = isinstance(trainer.accelerator.unwrap_model(trainer.model), PeftModel)
    target = folder / "adapter" if adapted else folder
    trainer.save_model(str(target))
    if not trainer.args.should_save:
        return
    (target / "training_args.bin").unlink(missing_ok=True)  # a pickle, and the recipe says it better
    for leftover in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "README.md"):
        (target / leftover).unlink(missing_ok=True)
    if adapted:
        model = AutoModelForCausalLM.from_pretrained(str(base), dtype=torch.float32, use_safetensors=True)
        PeftModel.from_pretrained(model, str(target)).merge_and_unload().save_pretrained(folder)
    AutoTokenizer.from_pretrained(str(base)).save_pretrained(folder)
    shutil.rmtree(folder / "runs", ignore_errors=True)
