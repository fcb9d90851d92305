"""What caseback.training.train costs over a bare TRL script that does the same work.

    python benchmarks/training_overhead.py            all cells, as a table, the figure as the last line
    python benchmarks/training_overhead.py --small    a quick try of this script

Both load the same random model from disk, train it on the same data with the same settings and write it back; the bare
script is what TRL's documentation shows, with its own defaults for logging and checkpoints. They take turns in one
process after one unmeasured round each; one thread, in CPU time of the process, which other load moves little. A cell's
figure is the median over the rounds of our time over TRL's, less one, in percent; the figure is the worst cell's, low
and high the extreme rounds of that cell (five rounds cover the median in 94 of 100 cases).
"""

import argparse
import json
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from caseback.training.datum import Datum
from caseback.training.quiet import quiet
from caseback.training.recipe import Recipe
from caseback.training.train import train

TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}{{ eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
SHAPES = {"6M": (256, 6, 4096), "22M": (512, 6, 8192)}
"""Width, layers and vocabulary of a Llama."""
CELLS = (("sft", "6M"), ("dpo", "6M"), ("sft", "22M"))
LIMIT = 5.0


def make_model(folder: Path, width: int, layers: int, vocabulary: int) -> int:
    """Write a random Llama and a byte-level tokenizer to the folder; the number of its parameters."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    special = ["<|pad|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(special + alphabet)}, merges=[]))
    words.add_special_tokens(special)
    words.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    words.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, pad_token=special[0], eos_token=special[1])
    tokenizer.chat_template = TEMPLATE
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=vocabulary, hidden_size=width, intermediate_size=width * 8 // 3, num_hidden_layers=layers,
        num_attention_heads=8, num_key_value_heads=8, max_position_embeddings=1024, tie_word_embeddings=True,
        pad_token_id=0, eos_token_id=1, bos_token_id=None,
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return model.num_parameters()


def make_data(method: str, n: int) -> list[Datum]:
    """Prompts of about 60 tokens and targets of about 40 (the tokenizer takes a byte for one)."""
    return [
        Datum(
            ({"role": "user", "content": f"Question number {i}: tell me what is so special about the number {i}?"},),
            f"The number {i} comes after {i - 1}, and that is all.",
            rejected=f"I will not talk about the number {i} today." if method == "dpo" else "",
        )
        for i in range(n)
    ]


def bare(method: str, model_path: Path, data: list[Datum], out: Path) -> None:
    """The script of TRL's documentation, with the settings of ``recipe``."""
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer, PrinterCallback
    from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer

    model = AutoModelForCausalLM.from_pretrained(model_path, dtype="float32")
    tokenizer = AutoTokenizer.from_pretrained(model_path)
    kind, config = {"sft": (SFTTrainer, SFTConfig), "dpo": (DPOTrainer, DPOConfig)}[method]
    names = {"sft": ("completion",), "dpo": ("chosen", "rejected")}[method]
    rows = [
        {
            "prompt": list(datum.prompt),
            **{
                name: [{"role": "assistant", "content": reply}]
                for name, reply in zip(names, (datum.chosen, datum.rejected), strict=False)
            },
        }
        for datum in data
    ]
    settings = recipe(method)
    trainer = kind(
        model=model,
        args=config(
            output_dir=str(out / "checkpoints"), learning_rate=settings.learning_rate, num_train_epochs=settings.epochs,
            per_device_train_batch_size=settings.batch_size, lr_scheduler_type=settings.schedule,
            warmup_steps=settings.warmup, max_length=settings.max_length, bf16=False, gradient_checkpointing=False,
            use_cpu=True, report_to="none", disable_tqdm=True, dataloader_pin_memory=False,
        ),
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
    )  # fmt: skip
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    trainer.save_model(str(out))
    tokenizer.save_pretrained(str(out))


def recipe(method: str) -> Recipe:
    """The settings of both."""
    return Recipe(method, learning_rate=1e-4, epochs=2, batch_size=16)  # type: ignore[arg-type]


def cell(method: str, model_path: Path, data: list[Datum], rounds: int, folder: Path) -> list[tuple[float, float]]:
    """(ours, TRL's) seconds per round; who goes first changes from round to round."""

    def ours(out: Path) -> None:
        train(recipe(method), model_path, data, out)

    def theirs(out: Path) -> None:
        with quiet():
            bare(method, model_path, data, out)

    times = []
    for number in range(rounds + 1):
        spent = {}
        for run in (ours, theirs) if number % 2 else (theirs, ours):
            out = folder / "out"
            begun = time.process_time()
            run(out)
            spent[run] = time.process_time() - begun
            shutil.rmtree(out)
        if number:
            times.append((spent[ours], spent[theirs]))
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--examples", type=int, default=32)
    parser.add_argument("--small", action="store_true", help="two rounds of little work, to try the script")
    given = parser.parse_args()
    if given.small:
        given.rounds, given.examples = 2, 32
    torch.set_num_threads(1)
    figures: dict[str, Any] = {}
    for method, shape in CELLS:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            parameters = make_model(folder / "model", *SHAPES[shape])
            times = cell(method, folder / "model", make_data(method, given.examples), given.rounds, folder)
        over = sorted(100 * (ours / theirs - 1) for ours, theirs in times)
        figures[f"{method} {shape}"] = over
        mine, other = (statistics.median(column) for column in zip(*times, strict=True))
        print(
            f"{method} {shape} ({parameters / 1e6:.1f}M): ours {mine:.2f} s, TRL {other:.2f} s, overhead "
            f"{statistics.median(over):+.1f}% [{over[0]:+.1f}, {over[-1]:+.1f}]",
            flush=True,
        )
    worst = max(figures, key=lambda name: statistics.median(figures[name]))
    value = statistics.median(figures[worst])
    result = {
        "value": round(value, 2),
        "low": round(figures[worst][0], 2),
        "high": round(figures[worst][-1], 2),
        "n": given.rounds,
        "holds": value < LIMIT,
        "note": f"worst cell: {worst}; medians "
        + ", ".join(f"{name} {statistics.median(over):+.1f}%" for name, over in figures.items()),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
