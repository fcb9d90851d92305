"""The tokenizer of the reference models, its chat template, and conversations as token ids with loss masks."""

from collections.abc import Iterable, Sequence
from typing import Any

from caseback.chat import Message

PAD, END = "<|pad|>", "<|end|>"
ROLES = {role: f"<|{role}|>" for role in ("system", "user", "assistant", "tool")}
THINK, THOUGHT = "<think>", "</think>"
TEMPLATE = (
    "{%- for message in messages -%}"
    "{{- '<|' + message['role'] + '|>' -}}"
    "{%- if message['role'] == 'assistant' and message.get('reasoning_content') is not none -%}"
    "{{- '<think>' + message['reasoning_content'] + '</think>' -}}"
    "{%- endif -%}"
    "{{- message['content'] + '<|end|>' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}"
    "{%- if enable_thinking is defined -%}{{- '<think>' if enable_thinking else '<think></think>' -}}{%- endif -%}"
    "{%- endif -%}"
)
"""Roles in special tokens, thinking between tags. ``enable_thinking`` opens a thinking section or closes it off; left
undefined, the model decides."""


def train_tokenizer(texts: Iterable[str], vocabulary: int = 4096, context: int = 1024) -> Any:
    """A byte-level BPE tokenizer in transformers form: every text encodes and decodes to itself, digits apart."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    core.decoder = decoders.ByteLevel()
    special = [PAD, END, *ROLES.values()]
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - 2,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
        min_frequency=8,
    )
    core.train_from_iterator(texts, trainer)
    core.add_tokens([AddedToken(tag, special=False, normalized=False) for tag in (THINK, THOUGHT)])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core,
        pad_token=PAD,
        eos_token=END,
        model_max_length=context,
        clean_up_tokenization_spaces=False,
        additional_special_tokens=list(ROLES.values()),
        padding_side="left",
    )
    tokenizer.chat_template = TEMPLATE
    return tokenizer


def encode(tokenizer: Any, lessons: Sequence[Sequence[Message]]) -> list[tuple[list[int], list[bool]]]:
    """Per conversation its token ids, as the chat template has them, and which of them the loss counts.

    Counted is what an assistant says: its thinking with both tags, its words and the end. An empty thinking section is
    part of the prompt.
    """
    core = tokenizer.backend_tokenizer
    ids = {name: core.token_to_id(name) for name in (END, *ROLES.values(), THINK, THOUGHT)}
    texts = [text for lesson in lessons for m in lesson for text in (m["content"], m.get("reasoning_content") or "")]
    pieces = iter([e.ids for e in core.encode_batch(texts, add_special_tokens=False)])
    encoded = []
    for lesson in lessons:
        tokens: list[int] = []
        counted: list[bool] = []
        for message in lesson:
            said, thought = next(pieces), next(pieces)
            own = message["role"] == "assistant"
            head = [ids[ROLES[message["role"]]]]
            body = [*said, ids[END]]
            if own and "reasoning_content" in message:
                section = [ids[THINK], *thought, ids[THOUGHT]]
                if thought:
                    body = [*section, *body]
                else:
                    head += section
            tokens += head + body
            counted += [False] * len(head) + [own] * len(body)
        encoded.append((tokens, counted))
    return encoded
