"""Capture of one middle layer against transformers with hooks, nnsight and TransformerLens, in one process.

    python benchmarks/capture_vs_peers.py                     every cell, as a table
    python benchmarks/capture_vs_peers.py --claim NAME        the cells of one claim, and its figure as the last line

The residual stream after block 6 of 12 is read from three shapes (gpt2s, the default GPT-2; neoxs and qwen3s, Pythia's
and Qwen3's architecture at d 512), in fp32 and bf16, at equal lengths (16 inputs of 256 tokens) and mixed ones (64
inputs, lognormal, 20 to 256 tokens). Every tool works on its own copy of one model and in the way its documentation
shows: peers take batches of 16 inputs as they come, padded on the right, with an attention mask. Rows named "sorted"
give the peers inputs sorted by length beforehand, and "one batch" gives ours no freedom to cut the equal lengths up.
Variants take turns within every round; one thread is measured in CPU time of the process, two threads (--threads 1 2)
in wall time. A figure is the median over the rounds of peer's time over ours; low and high are the extreme rounds
(five rounds cover the median in 94 of 100 cases). For a claim only its peer and ours are timed, sorted in fp32 only.

Runs in an environment of its own, made by benchmarks/make_capture_env.sh on the first call.
"""

import argparse
import contextlib
import copy
import json
import math
import operator
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LAYER = 6
ROWS = 16
OURS = "caseback"
CLAIMS = {
    "subject.capture_equal_lengths_vs_nnsight": ("equal", "nnsight, stop", ">=", 0.97),
    "subject.capture_mixed_lengths_vs_nnsight": ("mixed", "nnsight, stop", ">", 1.0),
    "subject.capture_equal_lengths_vs_transformerlens": ("equal", "TransformerLens, stop", ">=", 1.1),
    "subject.capture_mixed_lengths_vs_transformerlens": ("mixed", "TransformerLens, stop", ">=", 2.0),
}


def enter_environment() -> None:
    """Start again in the peers' environment, unless this is it."""
    if find_spec("nnsight") and find_spec("transformer_lens"):
        return
    if os.environ.get("CASEBACK_CAPTURE_ENV"):
        raise SystemExit("the peers' environment lacks nnsight or transformer_lens: delete .cache/envs/capture")
    subprocess.run([str(ROOT / "benchmarks/make_capture_env.sh")], check=True)
    python = str(ROOT / ".cache/envs/capture/bin/python")
    settings = {"PYTHONPATH": str(ROOT / "src"), "CASEBACK_CAPTURE_ENV": "1", "HF_HUB_OFFLINE": "1"}
    os.execve(python, [python, *sys.argv], {**os.environ, **settings})


def dtypes_of(shape: str) -> list[str]:
    """What is measured unless asked otherwise: GPT-2 in bfloat16 only where the CPU has instructions for it.

    Without them its transposed weights multiply at 0.3 GFLOP/s, for every tool alike: one round takes over an hour.
    """
    import torch

    from caseback.subject.cpu import native_on_cpu

    with_bf16 = shape != "gpt2s" or native_on_cpu(torch.bfloat16)
    return ["float32", "bfloat16"] if with_bf16 else ["float32"]


def make_model(shape: str, small: bool) -> Any:
    """The model of a shape, with random weights; ``small`` is for a quick try of this script."""
    import transformers

    if shape == "gpt2s":
        tiny = {"n_embd": 64, "n_head": 4, "vocab_size": 1000} if small else {}
        return transformers.GPT2LMHeadModel(transformers.GPT2Config(n_layer=12, **tiny)).eval()
    if shape == "neoxs":
        neox = transformers.GPTNeoXConfig(
            hidden_size=64 if small else 512,
            intermediate_size=256 if small else 2048,
            num_hidden_layers=12,
            num_attention_heads=8,
            vocab_size=1000 if small else 32_000,
        )
        return transformers.GPTNeoXForCausalLM(neox).eval()
    config = transformers.Qwen3Config(
        hidden_size=64 if small else 512,
        intermediate_size=128 if small else 1536,
        num_hidden_layers=12,
        num_attention_heads=8,
        num_key_value_heads=4,
        head_dim=8 if small else 64,
        vocab_size=1000 if small else 32_000,
        tie_word_embeddings=True,
    )
    return transformers.Qwen3ForCausalLM(config).eval()


def make_inputs(lengths: str, seed: int, small: bool) -> list[list[int]]:
    """Token ids of each input."""
    draw = random.Random(seed)
    if lengths == "equal":
        counts = [256 // (4 if small else 1)] * ROWS
    else:
        counts = [round(min(256, max(20, draw.lognormvariate(math.log(60), 0.7)))) for _ in range(4 * ROWS)]
    return [[draw.randrange(1000 if small else 32_000) for _ in range(count)] for count in counts]


def padded_batches(inputs: list[list[int]]) -> list[tuple[Any, Any]]:
    """Batches of 16 inputs as they come, padded on the right: token ids, and attention mask or None if all are real."""
    import torch

    batches = []
    for start in range(0, len(inputs), ROWS):
        rows = inputs[start : start + ROWS]
        longest = max(map(len, rows))
        ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
        batches.append((ids, None if bool(mask.all()) else mask))
    return batches


def make_variants(model: Any, inputs: list[list[int]], mixed: bool) -> dict[str, Callable[[], list[Any]]]:
    """What is compared: each function returns the activations of every batch, or of every input."""
    batches = padded_batches(inputs)
    captures = {
        "transformers, hook": hook_capture(copy.deepcopy(model), stop=False),
        "transformers, hook + stop": hook_capture(copy.deepcopy(model), stop=True),
        "nnsight, stop": nnsight_capture(copy.deepcopy(model)),
        "TransformerLens, stop": lens_capture(copy.deepcopy(model)),
    }
    variants = {name: lambda run=run: [run(*batch) for batch in batches] for name, run in captures.items()}
    if mixed:
        tidy = padded_batches(sorted(inputs, key=len))
        for name in list(captures)[1:]:
            variants[f"{name}, sorted"] = lambda run=captures[name]: [run(*batch) for batch in tidy]
    variants[OURS] = our_capture(model, inputs, None)
    if not mixed:
        variants[f"{OURS}, one batch"] = our_capture(model, inputs, 8192)
    return variants


def our_capture(model: Any, inputs: list[list[int]], batch_tokens: int | None) -> Callable[[], list[Any]]:
    from caseback.subject.capture import capture
    from caseback.subject.site import Site

    site = Site("resid_post", LAYER)
    return lambda: [captured.at[site] for captured in capture(model, inputs, [site], batch_tokens=batch_tokens)]


def blocks_of(model: Any) -> Any:
    paths = ("transformer.h", "gpt_neox.layers", "model.layers")
    path = next(path for path in paths if hasattr(model, path.split(".")[0]))
    return operator.attrgetter(path)(model)


def hook_capture(model: Any, stop: bool) -> Callable[..., Any]:
    class StopError(Exception):
        pass

    found: list[Any] = []

    def hook(_: Any, __: Any, output: Any) -> None:
        found.append(output[0] if isinstance(output, tuple) else output)
        if stop:
            raise StopError

    blocks_of(model)[LAYER].register_forward_hook(hook)

    def run(ids: Any, mask: Any) -> Any:
        with contextlib.suppress(StopError):
            model(input_ids=ids, attention_mask=mask, use_cache=False)
        return found.pop()

    return run


def nnsight_capture(model: Any) -> Callable[..., Any]:
    from nnsight import NNsight

    traced = NNsight(model)
    block = blocks_of(traced)[LAYER]

    def run(ids: Any, mask: Any) -> Any:
        with traced.trace(input_ids=ids, attention_mask=mask, use_cache=False) as tracer:
            hidden = block.output.save()
            tracer.stop()
        return hidden[0] if isinstance(hidden, tuple) else hidden

    return run


def lens_capture(model: Any) -> Callable[..., Any]:
    from transformer_lens.model_bridge import TransformerBridge

    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        bridge = TransformerBridge.boot_transformers(folder, dtype=model.dtype, hf_model=model, device="cpu")
    name = f"blocks.{LAYER}.hook_resid_post"

    def run(ids: Any, mask: Any) -> Any:
        given = {} if mask is None else {"attention_mask": mask}
        _, cache = bridge.run_with_cache(ids, names_filter=name, stop_at_layer=LAYER + 1, **given)
        return cache[name]

    return run


def largest_difference(inputs: list[list[int]], truth: list[Any], got: list[Any]) -> float:
    """Largest difference of the activations of real tokens from those of the plain hook."""

    def rows(results: list[Any]) -> list[Any]:
        return [row for batch in results for row in (batch if batch.dim() == 3 else batch[None])]

    pairs = zip(inputs, rows(truth), rows(got), strict=True)
    return max(float((a[: len(ids)] - b[: len(ids)]).abs().max()) for ids, a, b in pairs)


def measure(variants: dict[str, Callable[[], Any]], rounds: int, threads: int) -> dict[str, list[float]]:
    """Seconds of each variant in each round: CPU time on one thread, wall time on more. Variants take turns."""
    import torch

    torch.set_num_threads(threads)
    clock = time.process_time if threads == 1 else time.perf_counter
    names = list(variants)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            begin = clock()
            variants[name]()
            seconds[name].append(clock() - begin)
            print(f"  round {number + 1}/{rounds} {name}: {seconds[name][-1]:.2f} s", file=sys.stderr)
    return seconds


def run_cell(shape: str, dtype: str, lengths: str, options: argparse.Namespace) -> dict[str, dict[str, list[float]]]:
    """Measures one cell and prints its table; seconds by kind of clock and variant."""
    import torch
    from transformers.utils import logging

    logging.disable_progress_bar()
    torch.manual_seed(options.seed)
    model = make_model(shape, options.small).to(getattr(torch, dtype))
    inputs = make_inputs(lengths, options.seed, options.small)
    tokens = sum(map(len, inputs))
    print(f"\n{shape} {dtype}, {lengths} lengths: {len(inputs)} inputs, {tokens} tokens", flush=True)
    results: dict[str, dict[str, list[float]]] = {}
    with torch.no_grad():
        variants = make_variants(model, inputs, lengths == "mixed")
        truth = variants["transformers, hook"]()
        if options.claim:
            peer = CLAIMS[options.claim][1]
            wanted = (OURS, peer, f"{peer}, sorted") if dtype == "float32" else (OURS, peer)
            variants = {name: run for name, run in variants.items() if name in wanted}
        differences = {
            name: largest_difference(inputs, truth, run()) for name, run in variants.items() if "sorted" not in name
        }
        for threads in options.threads:
            results["wall" if threads > 1 else "cpu"] = measure(variants, options.rounds, threads)
    heads = "".join(f"{f'{n} threads, wall' if n > 1 else '1 thread, CPU':>24}" for n in options.threads)
    print(f"{'':34}{heads}{'max diff':>12}")
    for name in variants:
        cells = ""
        for seconds in results.values():
            cells += f"{tokens / statistics.median(seconds[name]):>12,.0f} tok/s {ratio(seconds, name)[0]:>5.2f}"
        difference = f"{differences[name]:.2g}" if name in differences else ""
        print(f"{name:34}{cells}{difference:>12}")
    print("(right of each speed: its time over ours)", flush=True)
    return results


def ratio(seconds: dict[str, list[float]], peer: str) -> tuple[float, float, float]:
    """Median, least and greatest over the rounds of the peer's time over ours."""
    ratios = [theirs / ours for theirs, ours in zip(seconds[peer], seconds[OURS], strict=True)]
    return statistics.median(ratios), min(ratios), max(ratios)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claim", choices=list(CLAIMS), help="measure only the cells of this claim")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--shapes", nargs="+", default=["gpt2s", "neoxs", "qwen3s"])
    parser.add_argument("--dtypes", nargs="+", help="default: both, where the CPU can")
    parser.add_argument("--threads", nargs="+", type=int, default=[1], choices=[1, 2], help="1: CPU time; 2: wall")
    parser.add_argument("--small", action="store_true", help="tiny models: tries the script, measures nothing")
    options = parser.parse_args()
    if 1 not in options.threads:
        parser.error("--threads must include 1: the claims are about CPU time on one thread")
    enter_environment()
    dtypes = {shape: options.dtypes or dtypes_of(shape) for shape in options.shapes}
    slow = [shape for shape in options.shapes if "bfloat16" not in dtypes[shape]]
    missing = f"; {slow[0]} bfloat16 not measured, this CPU has no instructions for it" if slow else ""
    kinds = [CLAIMS[options.claim][0]] if options.claim else ["equal", "mixed"]
    cells = {
        (shape, dtype, lengths): run_cell(shape, dtype, lengths, options)
        for lengths in kinds
        for shape in options.shapes
        for dtype in dtypes[shape]
    }
    for claim in [options.claim] if options.claim else CLAIMS:
        lengths, peer, sign, target = CLAIMS[claim]
        ours = {cell: results for cell, results in cells.items() if cell[2] == lengths}
        worst = min(ours, key=lambda cell: ratio(ours[cell]["cpu"], peer)[0])
        value, low, high = ratio(ours[worst]["cpu"], peer)
        note = f"worst of {len(ours)} cells: {worst[0]} {worst[1]}{missing}"
        if "wall" in ours[worst]:
            wall = min(ratio(results["wall"], peer)[0] for results in ours.values())
            note += f"; two threads, wall: {wall:.3f} in the worst cell"
        if lengths == "mixed":
            tidy = f"{peer}, sorted"
            least = min(ratio(results["cpu"], tidy)[0] for results in ours.values() if tidy in results["cpu"])
            note += f"; against the peer with inputs sorted by length: {least:.3f}"
        figure = {"value": value, "low": low, "high": high, "n": options.rounds}
        figure = {key: round(number, 4) for key, number in figure.items()}
        holds = value >= target if sign == ">=" else value > target
        print(f"\n{claim}: {sign} {target}")
        print(json.dumps({**figure, "holds": holds and not options.small, "note": note}))


if __name__ == "__main__":
    main()
