"""Tiny random models of many architectures, each with a small tokenizer, made in memory in well under a second.

They say nothing sensible, but every part of a real model is there: grouped heads, experts, sliding windows, tied
embeddings, absolute and rotary positions. Weights are drawn wide so that greedy text varies and ties do not occur.
"""

from functools import cache
from pathlib import Path
from typing import Any

import torch

CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|{{ message['role'] }}|>"
    "{% if message.get('reasoning_content') %}<think>{{ message['reasoning_content'] }}</think>{% endif %}"
    "{{ message['content'] }}{{ eos_token }}{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
SPECIAL = ("<|pad|>", "<|bos|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>")
CORPUS = (
    "The capital of the state containing Dallas is Austin. What is the capital of Ohio? It is Columbus.",
    "User: please help me with this task.\n\nAssistant: of course, here is how one would do it.",
    "def add(a, b):\n    return a + b\n\nassert add(2, 2) == 4",
    "I do not think that this is right, and I will say why: it would harm somebody else.",
    "One, two, three, four, five, six, seven, eight, nine, ten. The quick brown fox jumps over the lazy dog.",
)

SHAPE: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "max_position_embeddings": 512,
}
GROUPED = {**SHAPE, "num_key_value_heads": 2}
WIDE = 0.25
"""Standard deviation of the weights: wide enough that a random model's text varies."""

ARCHITECTURES: dict[str, dict[str, Any]] = {
    "gpt2": {"n_embd": 32, "n_layer": 4, "n_head": 4, "n_positions": 512},
    "gpt_neo": {
        "hidden_size": 32,
        "num_layers": 4,
        "num_heads": 4,
        "attention_types": [[["global", "local"], 2]],
        "window_size": 12,
        "max_position_embeddings": 512,
    },
    "gpt_neox": SHAPE,
    "llama": GROUPED,
    "mistral": {**GROUPED, "sliding_window": 12},
    "mixtral": {**GROUPED, "num_local_experts": 4, "num_experts_per_tok": 2},
    "qwen2": GROUPED,
    "qwen3": {**GROUPED, "head_dim": 8},
    "gemma3_text": {
        **GROUPED,
        "head_dim": 8,
        "sliding_window": 12,
        "query_pre_attn_scalar": 8,
        "layer_types": ["sliding_attention", "full_attention"] * 2,
    },
    "phi3": {**GROUPED, "pad_token_id": 0},
    "olmo2": GROUPED,
}
ARCHS = tuple(sorted(set(ARCHITECTURES) - {"gemma3_text"} | {"gemma3"}))
"""The names that ``tiny`` takes."""


@cache
def _tokenizer_json(vocab_size: int) -> str:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return str(tokenizer.to_str())


def tiny_tokenizer(chat_template: str | None = CHAT_TEMPLATE, vocab_size: int = 400) -> Any:
    """A byte-level BPE tokenizer that encodes any text; ``chat_template=None`` leaves it without one."""
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(_tokenizer_json(vocab_size)),
        pad_token=SPECIAL[0],
        bos_token=SPECIAL[1],
        eos_token=SPECIAL[2],
    )
    tokenizer.chat_template = chat_template
    return tokenizer


def tiny(
    arch: str,
    dtype: torch.dtype = torch.float32,
    seed: int = 0,
    *,
    chat_template: str | None = CHAT_TEMPLATE,
    **config_changes: Any,
) -> tuple[Any, Any]:
    """A random model of ``arch`` (one of ``ARCHS``) in eval mode, and its tokenizer.

    ``config_changes`` go over the tiny configuration, e.g. ``num_hidden_layers=2``.
    """
    from transformers import AutoConfig, AutoModelForCausalLM

    name = "gemma3_text" if arch == "gemma3" else arch
    tokenizer = tiny_tokenizer(chat_template)
    settings: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "initializer_range": WIDE,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
    }
    config = AutoConfig.for_model(name, **{**settings, **ARCHITECTURES[name], **config_changes})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = AutoModelForCausalLM.from_config(config, dtype=dtype)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    return model.eval(), tokenizer


def save_tiny(folder: Path, arch: str = "llama", seed: int = 0, **changes: Any) -> Path:
    """The model of ``tiny`` written to ``folder`` in Hugging Face form (safetensors); returns the folder."""
    model, tokenizer = tiny(arch, seed=seed, **changes)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def save_ladder(folder: Path, length: int = 2048) -> list[str]:
    """Three tiny models, low, mid and top, in ``folder``; their paths, out of order."""
    for seed, name in enumerate(("low", "mid", "top")):
        save_tiny(folder / name, seed=seed, max_position_embeddings=length)
    return [str(folder / name) for name in ("top", "low", "mid")]
