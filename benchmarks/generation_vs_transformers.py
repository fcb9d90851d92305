"""Tokens a second of our batched generation against ``transformers.generate``, in one process, in turns.

256 prompts of mixed length; replies end at an end token, so they are of mixed length too. ``generate`` gets them as is
usual, in the order given, in batches padded on the left; transformers' own continuous batching (``generate_batch``)
is tried beside it. Tokens counted are those of the replies. Replies are compared: in float32 they must be the same.
One thread is measured in CPU time of the process, which other load moves little; two (--threads 2) in wall time.

The model is random (Llama shape), with one token in sixty ending a reply, unless ``--model`` names one.
"""

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, GenerationConfig

from caseback.subject.batchable import MAX_ROWS, cache_columns
from caseback.subject.cpu import native_on_cpu
from caseback.subject.generate import complete, make_row
from caseback.subject.subject import Sampling

Replies = list[list[int]]
BATCH = 32
"""Rows in a batch of ``transformers.generate``."""
ENDING = 60
"""One token of the random model in this many ends a reply."""


def random_model(dtype: torch.dtype, layers: int) -> Any:
    """A Llama of 7 million parameters (6 layers), drawn wide so that its text varies."""
    torch.manual_seed(0)
    config = AutoConfig.for_model(
        "llama", hidden_size=256, intermediate_size=768, num_hidden_layers=layers, num_attention_heads=8,
        num_key_value_heads=4, vocab_size=4096, max_position_embeddings=1024, tie_word_embeddings=False,
        initializer_range=0.1,
    )  # fmt: skip
    return AutoModelForCausalLM.from_config(config, dtype=dtype).eval()


def prompts_for(vocabulary: int, count: int, alike: int) -> Replies:
    """Prompts of 8 to 300 random tokens, behind ``alike`` that are the same in all of them."""
    rng = random.Random(0)
    rests = [[rng.randrange(100, vocabulary) for _ in range(rng.randrange(8, 300))] for _ in range(count)]
    beginning = [rng.randrange(100, vocabulary) for _ in range(alike)]
    return [beginning + rest for rest in rests]


def until_end(tokens: list[int], ends: frozenset[int]) -> list[int]:
    """A row of a batch up to and with its end token."""
    last = next((i for i, token in enumerate(tokens) if token in ends), len(tokens) - 1)
    return tokens[: last + 1]


def by_generate(model: Any, prompts: Replies, ends: frozenset[int], limit: int) -> Replies:
    """``transformers.generate`` in batches padded on the left."""
    replies: Replies = []
    for start in range(0, len(prompts), BATCH):
        batch = prompts[start : start + BATCH]
        width = max(map(len, batch))
        ids = torch.tensor([[0] * (width - len(p)) + p for p in batch], device=model.device)
        mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in batch], device=model.device)
        made = model.generate(
            ids, attention_mask=mask, do_sample=False, max_new_tokens=limit, eos_token_id=sorted(ends), pad_token_id=0
        )
        replies += [until_end(row, ends) for row in made[:, width:].tolist()]
    return replies


def by_generate_batch(model: Any, prompts: Replies, ends: frozenset[int], limit: int) -> Replies:
    """transformers' continuous batching."""
    config = GenerationConfig(max_new_tokens=limit, do_sample=False, eos_token_id=sorted(ends), pad_token_id=0)
    made = model.generate_batch(inputs=prompts, generation_config=config)
    ordered = sorted(made.values(), key=lambda reply: int(str(reply.request_id).rsplit("_", 1)[-1]))
    return [until_end(list(reply.generated_tokens), ends) for reply in ordered]


def by_caseback(model: Any, prompts: Replies, ends: frozenset[int], limit: int) -> Replies:
    """Our loop, with the limits that ``OpenSubject.generate`` gives it."""
    sampling = Sampling(max_new_tokens=limit)
    rows = [make_row(prompt, limit, sampling, seed) for seed, prompt in enumerate(prompts)]
    columns = cache_columns(model, model.device)
    rows_at_once = MAX_ROWS.get(model.device.type, 64)
    for _ in complete(model, rows, sampling, lambda t: t[-1] in ends, max_rows=rows_at_once, max_columns=columns):
        pass
    return [row.tokens for row in rows]


def timed(way: Callable[..., Replies], *arguments: Any) -> tuple[Replies, float]:
    """Replies and tokens a second."""
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    start = clock()
    replies = way(*arguments)
    return replies, sum(map(len, replies)) / (clock() - start)


def same(first: Replies, second: Replies) -> float:
    """Share of replies that are token for token the same."""
    return statistics.mean(a == b for a, b in zip(first, second, strict=True))


def compare(model: Any, arguments: argparse.Namespace) -> dict[str, Any]:
    """Rounds of each way in turn on one model."""
    vocabulary = model.config.get_text_config().vocab_size
    prompts = prompts_for(vocabulary, arguments.prompts, arguments.alike)
    own = model.generation_config.eos_token_id
    own = own if isinstance(own, list) else [own]
    ends = frozenset(own) if arguments.model else frozenset(range(5, 5 + vocabulary // ENDING))
    case = (model, prompts, ends, arguments.max_new_tokens)
    for way in (by_generate, by_caseback):
        way(model, prompts[:4], ends, 8)
    ratios, theirs, ours = [], [], []
    for turn in range(arguments.rounds):
        ways = (by_generate, by_caseback) if turn % 2 == 0 else (by_caseback, by_generate)
        made = {way: timed(way, *case) for way in ways}
        theirs.append(made[by_generate][1])
        ours.append(made[by_caseback][1])
        ratios.append(ours[-1] / theirs[-1])
        print(f"  round {turn + 1}: generate {theirs[-1]:.0f}, caseback {ours[-1]:.0f} tokens/s", flush=True)
    replies = made[by_caseback][0]
    in_tens = [row for i in range(0, len(prompts), 10) for row in by_caseback(model, prompts[i : i + 10], *case[2:])]
    result = {
        "ratios": ratios,
        "generate": statistics.median(theirs),
        "caseback": statistics.median(ours),
        "same_as_generate": same(replies, made[by_generate][0]),
        "same_in_batches_of_ten": same(replies, in_tens),
        "reply_tokens": statistics.mean(map(len, replies)),
    }
    try:
        continuous, rate = timed(by_generate_batch, *case)
        result |= {"generate_batch": rate, "same_as_generate_batch": same(replies, continuous)}
    except Exception as error:  # whether it works here at all is one of the questions
        result["generate_batch"] = f"does not work here: {type(error).__name__}: {str(error).splitlines()[:1]}"
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="a model folder instead of the random model")
    parser.add_argument("--prompts", type=int, default=256)
    parser.add_argument("--max-new-tokens", type=int, default=256)
    parser.add_argument(
        "--alike", type=int, default=0, help="tokens that all prompts begin with, as with a constitution"
    )
    parser.add_argument("--least", type=float, default=2.0, help="times the tokens a second that are claimed")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--threads", type=int, default=1, choices=[1, 2], help="1: CPU time; 2: wall time")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    results = {}
    # Without instructions for bfloat16 a round takes many minutes, for both alike.
    has_bf16 = torch.cuda.is_available() or native_on_cpu(torch.bfloat16)
    for name in ("float32", "bfloat16") if has_bf16 else ("float32",):
        dtype = getattr(torch, name)
        if arguments.model:
            model = AutoModelForCausalLM.from_pretrained(arguments.model, dtype=dtype, use_safetensors=True).eval()
        else:
            model = random_model(dtype, arguments.layers)
        print(name, flush=True)
        results[name] = compare(model, arguments)
        print(json.dumps(results[name], indent=1), flush=True)
    slower = min(results.values(), key=lambda result: statistics.median(result["ratios"]))
    low = min(min(result["ratios"]) for result in results.values())
    exact = results["float32"]
    same_text = exact["same_as_generate"] == 1 and exact["same_in_batches_of_ten"] == 1
    notes = [
        f"{name}: {r['generate']:.0f} to {r['caseback']:.0f} tokens/s, replies of {r['reply_tokens']:.0f} tokens, "
        f"{r['same_as_generate']:.3f} the same as generate's, {r['same_in_batches_of_ten']:.3f} as our own in tens, "
        f"generate_batch {r['generate_batch']}"
        for name, r in results.items()
    ]
    print(
        json.dumps(
            {
                "value": round(statistics.median(slower["ratios"]), 3),
                "low": round(low, 3),
                "high": round(max(slower["ratios"]), 3),
                "n": arguments.rounds,
                "holds": low >= arguments.least and same_text,
                "note": f"slower of {' and '.join(results)}; low is the worst round of all. " + "; ".join(notes),
            }
        )
    )


if __name__ == "__main__":
    main()
