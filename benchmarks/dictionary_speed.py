"""Training of a TopK dictionary against SAELens, dictionary_learning and sparsify: same data, shape, steps.

    python benchmarks/dictionary_speed.py                  all of them, as a table
    python benchmarks/dictionary_speed.py --claim NAME     those of one claim, and its figure as the last line

Activations of width 512 with planted features (8,192 directions, of which 24 on average at a token, their frequencies
falling as one over the rank), normalised; dictionaries of 8,192 latents, k = 32; batches of 4,096 tokens; Adam at one
learning rate; gradients clipped to norm 1, dead latents tracked and revived by each tool's own auxiliary loss. Latents
count as dead after 40 batches, so that the auxiliary losses have work to do. SAELens is measured as it comes (fp32) and
with its autocast (bf16); dictionary_learning and sparsify in fp32, since their autocast is for CUDA only, the latter in
its SparseCoder and a loop with its Trainer's steps, because its Trainer takes no cached activations.

Every tool runs in a process and an environment of its own (benchmarks/make_dictionary_envs.sh makes them) on one
thread; the processes take turns within every round, and CPU time is counted. A figure is the median over the rounds of
the peer's time over ours; low and high are the extreme rounds. After the last round each measures its FVU on held-out
activations: a ratio counts only if ours is not more than 1% above. The roofline is the bf16 encoder's product alone,
measured in our process in the same rounds.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PEERS = {
    "saelens": "saelens",
    "saelens_bf16": "saelens",
    "dictionary_learning": "dictionary_learning",
    "sparsify": "sparsify",
}
CLAIMS = {
    "interp.dictionary_speed_vs_saelens": ("saelens", 10.0),
    "interp.dictionary_speed_vs_saelens_bf16": ("saelens_bf16", 5.0),
    "interp.dictionary_speed_vs_dictionary_learning": ("dictionary_learning", 1.0),
    "interp.dictionary_speed_vs_sparsify": ("sparsify", 4.0),
    "interp.dictionary_speed_roofline": ("roofline", 0.4),
}
HELD_OUT = 8192
Shape = dict[str, Any]
Stepper = tuple[Callable[[int, Any], None], Callable[[Any], float]]
"""Does training step number n on a batch; gives the FVU of activations."""


def make_data(path: Path, shape: Shape) -> None:
    """Planted activations [rows + held out, d], mean 0 and mean square 1, to a safetensors file."""
    import torch
    from safetensors.torch import save_file

    draw = torch.Generator().manual_seed(shape["seed"])
    planted, d, rows = shape["width"], shape["d"], shape["rows"] + HELD_OUT
    directions = torch.randn(planted, d, generator=draw)
    directions /= directions.norm(dim=1, keepdim=True)
    weights = 1 / torch.arange(1, planted + 1)
    chances = (weights * (shape["active"] / weights.sum())).clamp(max=0.5)
    parts = []
    for start in range(0, rows, 1024):
        n = min(1024, rows - start)
        there = torch.rand(n, planted, generator=draw) < chances
        parts.append(there * (0.5 + torch.rand(n, planted, generator=draw)) @ directions)
    x = torch.cat(parts)
    x -= x.mean(0)
    save_file({"x": (x / x.square().mean().sqrt()).bfloat16()}, path)


def ours(shape: Shape) -> Stepper:
    import torch

    from caseback.interp.dictionary.kernels.choose import kernels_for
    from caseback.interp.dictionary.settings import Settings
    from caseback.interp.dictionary.step import train_step
    from caseback.interp.dictionary.training import begin
    from caseback.subject.cpu import native_on_cpu

    settings = Settings(
        width=shape["width"],
        k=shape["k"],
        tokens=shape["steps"] * shape["batch"],
        batch=shape["batch"],
        learning_rate=shape["rate"],
        warmup=0.0,
        decay=0.0,
        dead_after=shape["dead_steps"] * shape["batch"],
        seed=shape["seed"],
    )
    cpu = torch.device("cpu")
    dtype = torch.bfloat16 if native_on_cpu(torch.bfloat16) else torch.float32
    training = begin(settings, shape["d"], shape["d"], dtype=dtype, device=cpu)
    kernels = kernels_for(cpu)

    def step(_: int, x: Any) -> None:
        train_step(training, x, x, settings, kernels)

    def fvu(x: Any) -> float:
        pre = x @ training.W_enc.T + training.b_enc
        best = pre.topk(shape["k"], dim=1)
        codes = torch.zeros_like(pre).scatter_(1, best.indices, best.values.relu())
        return fvu_of(x, codes @ training.W_dec + training.b_dec)

    return step, fvu


def roofline(shape: Shape) -> Stepper:
    """Nothing but the encoder's product in bf16, bias included."""
    import torch

    W = torch.randn(shape["width"], shape["d"]).bfloat16()
    b = torch.zeros(shape["width"]).bfloat16()

    def step(_: int, x: Any) -> None:
        torch.nn.functional.linear(x.bfloat16(), W, b)

    return step, lambda x: 1.0


def saelens(shape: Shape, autocast: bool = False) -> Stepper:
    import torch
    from sae_lens.config import SAETrainerConfig
    from sae_lens.saes.topk_sae import TopKTrainingSAE, TopKTrainingSAEConfig
    from sae_lens.training.sae_trainer import SAETrainer

    torch.manual_seed(shape["seed"])
    sae = TopKTrainingSAE(TopKTrainingSAEConfig(d_in=shape["d"], d_sae=shape["width"], k=shape["k"]))
    config = SAETrainerConfig(
        total_training_samples=shape["steps"] * shape["batch"],
        train_batch_size_samples=shape["batch"],
        lr=shape["rate"],
        lr_end=shape["rate"],
        autocast=autocast,
        dead_feature_window=shape["dead_steps"],
    )
    trainer = SAETrainer(cfg=config, sae=sae, data_provider=iter(()))

    def step(_: int, x: Any) -> None:
        trainer._train_step(sae=sae, sae_in=x)
        trainer.n_training_steps += 1

    def fvu(x: Any) -> float:
        sae.eval()
        return fvu_of(x, sae.decode(sae.encode(x)))

    return step, fvu


def dictionary_learning(shape: Shape) -> Stepper:
    from dictionary_learning.trainers.top_k import AutoEncoderTopK, TopKTrainer

    trainer = TopKTrainer(
        steps=shape["steps"],
        activation_dim=shape["d"],
        dict_size=shape["width"],
        k=shape["k"],
        layer=0,
        lm_name="none",
        dict_class=AutoEncoderTopK,
        lr=shape["rate"],
        warmup_steps=0,
        decay_start=None,
        seed=shape["seed"],
        device="cpu",
    )
    trainer.dead_feature_threshold = shape["dead_steps"] * shape["batch"]

    def step(number: int, x: Any) -> None:
        trainer.update(number, x)

    return step, lambda x: fvu_of(x, trainer.ae(x))


def sparsify(shape: Shape) -> Stepper:
    import torch
    from sparsify.config import SparseCoderConfig
    from sparsify.sparse_coder import SparseCoder

    torch.manual_seed(shape["seed"])
    sae = SparseCoder(shape["d"], SparseCoderConfig(num_latents=shape["width"], k=shape["k"]))
    adam = torch.optim.Adam(sae.parameters(), lr=shape["rate"], fused=True)
    since = torch.zeros(shape["width"], dtype=torch.long)

    def step(_: int, x: Any) -> None:
        sae.set_decoder_norm_to_unit_norm()
        out = sae(x, dead_mask=since > shape["dead_steps"] * shape["batch"])
        (out.fvu + out.auxk_loss / 32).backward()
        torch.nn.utils.clip_grad_norm_(sae.parameters(), 1.0)
        sae.remove_gradient_parallel_to_decoder_directions()
        adam.step()
        adam.zero_grad()
        since.add_(len(x))
        since[out.latent_indices.flatten()] = 0

    return step, lambda x: fvu_of(x, sae(x).sae_out)


def fvu_of(x: Any, x_hat: Any) -> float:
    """Fraction of variance unexplained."""
    return float((x - x_hat).double().square().sum() / (x - x.mean(0)).double().square().sum())


MAKERS: dict[str, Callable[[Shape], Stepper]] = {
    "caseback": ours,
    "roofline": roofline,
    "saelens": saelens,
    "saelens_bf16": lambda shape: saelens(shape, autocast=True),
    "dictionary_learning": dictionary_learning,
    "sparsify": sparsify,
}


def work(name: str, data: Path, shape: Shape) -> None:
    """A worker: for each line on its input one round, whose CPU seconds it prints; "fvu" asks for that instead."""
    import torch
    from safetensors.torch import load_file

    torch.set_num_threads(1)
    rows = load_file(data)["x"].float()
    train, held_out = rows[:-HELD_OUT], rows[-HELD_OUT:]
    step, fvu = MAKERS[name](shape)
    answer = os.fdopen(int(os.environ["CASEBACK_ANSWERS"]), "w", buffering=1)
    answer.write("ready\n")
    done = 0
    for line in sys.stdin:
        if line.strip() == "fvu":
            with torch.no_grad():
                parts = [fvu(part) for part in held_out.split(2048)]
            answer.write(f"{statistics.mean(parts)}\n")
            continue
        begun, first = time.process_time(), done
        while done < first + shape["round_steps"]:
            start = done * shape["batch"] % (len(train) - shape["batch"] + 1)
            step(done, train[start : start + shape["batch"]])
            done += 1
        answer.write(f"{time.process_time() - begun}\n")


class Worker:
    """A process that trains when asked."""

    def __init__(self, name: str, data: Path, shape: Shape, envs: Path) -> None:
        read, write = os.pipe()
        python = sys.executable if name not in PEERS else str(envs / PEERS[name] / "bin/python")
        settings = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
        settings |= {"CASEBACK_ANSWERS": str(write), "WANDB_MODE": "disabled", "CUDA_VISIBLE_DEVICES": ""}
        settings["PYTHONPATH"] = "" if name in PEERS else str(ROOT / "src")
        command = [python, __file__, "--worker", name, "--data", str(data), "--shape", json.dumps(shape)]
        self.name = name
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=sys.stderr, env=settings, pass_fds=[write], text=True
        )
        os.close(write)
        self.answers = os.fdopen(read)
        self._answer()

    def ask(self, what: str) -> float:
        """Do a round, or measure: a number."""
        assert self.process.stdin
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        return float(self._answer())

    def _answer(self) -> str:
        line = self.answers.readline()
        if not line:
            raise SystemExit(f"{self.name} ended: {self.process.wait()}")
        return line

    def end(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def compare(names: list[str], shape: Shape, rounds: int, envs: Path) -> tuple[dict[str, list[float]], dict[str, float]]:
    """CPU seconds per round of each, and its FVU at the end."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data.safetensors"
        make_data(data, shape)
        workers = [Worker(name, data, shape, envs) for name in names]
        seconds: dict[str, list[float]] = {name: [] for name in names}
        for number in range(rounds):
            for worker in workers[number % len(workers) :] + workers[: number % len(workers)]:
                seconds[worker.name].append(worker.ask("round"))
                print(f"  round {number + 1}/{rounds} {worker.name}: {seconds[worker.name][-1]:.2f} s", file=sys.stderr)
        fvus = {worker.name: worker.ask("fvu") for worker in workers}
        for worker in workers:
            worker.end()
    return seconds, fvus


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claim", choices=list(CLAIMS), help="only what this claim needs")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--round-steps", type=int, default=40, help="training steps in a round")
    parser.add_argument("--rate", type=float, default=4e-4, help="learning rate")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--peers", nargs="+", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--envs", type=Path, default=ROOT / ".cache/envs")
    parser.add_argument("--small", action="store_true", help="tries the script, measures nothing")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--shape", type=json.loads, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(options.worker, options.data, options.shape)
        return
    shape: Shape = {"d": 512, "width": 8192, "k": 32, "batch": 4096, "rows": 65_536, "active": 24, "dead_steps": 40}
    if options.small:
        shape |= {"d": 64, "width": 256, "k": 8, "batch": 256, "rows": 8192, "active": 6, "dead_steps": 10}
    shape |= {"round_steps": options.round_steps, "steps": options.rounds * options.round_steps}
    shape |= {"rate": options.rate, "seed": options.seed}
    claims = (
        [options.claim]
        if options.claim
        else [name for name in CLAIMS if CLAIMS[name][0] in (*options.peers, "roofline")]
    )
    peers = options.peers if not options.claim else [CLAIMS[options.claim][0]]
    wanted = sorted({PEERS[name] for name in peers if name in PEERS})
    if missing := [name for name in wanted if not (options.envs / name / "bin/python").exists()]:
        subprocess.run([str(ROOT / "benchmarks/make_dictionary_envs.sh"), str(options.envs), *missing], check=True)
    names = list(dict.fromkeys(["caseback", "roofline", *peers]))
    seconds, fvus = compare(names, shape, options.rounds, options.envs)
    tokens = shape["batch"] * options.round_steps
    print(f"\n{'':24}{'tokens/s':>12}{'times ours':>12}{'FVU':>10}")
    for name in names:
        speed = tokens / statistics.median(seconds[name])
        error = "" if name == "roofline" else f"{fvus[name]:10.4f}"
        print(f"{name:24}{speed:12,.0f}{ratio(seconds, name)[0]:12.2f}{error}")
    for claim in claims:
        name, target = CLAIMS[claim]
        value, low, high = ratio(seconds, name)
        equal = name == "roofline" or fvus["caseback"] <= 1.01 * fvus[name]
        note = f"FVU {fvus['caseback']:.4f}" + ("" if name == "roofline" else f", {name} {fvus[name]:.4f}")
        note += f" after {shape['steps'] * shape['batch']:,} tokens" + ("" if equal else "; NOT within 1%")
        figure = {"value": round(value, 4), "low": round(low, 4), "high": round(high, 4), "n": options.rounds}
        print(f"\n{claim}: >= {target}")
        print(json.dumps({**figure, "holds": bool(value >= target and equal and not options.small), "note": note}))


def ratio(seconds: dict[str, list[float]], name: str) -> tuple[float, float, float]:
    """Median, least and greatest over the rounds of its time over ours."""
    ratios = [theirs / mine for theirs, mine in zip(seconds[name], seconds["caseback"], strict=True)]
    return statistics.median(ratios), min(ratios), max(ratios)


if __name__ == "__main__":
    main()
