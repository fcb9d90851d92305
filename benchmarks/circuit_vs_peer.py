"""Attribution graphs against circuit-tracer: the same model, transcoders, prompts, nodes and batches.

    python benchmarks/circuit_vs_peer.py                  what both compute, edge by edge, then how long it takes
    python benchmarks/circuit_vs_peer.py --check          what both compute alone
    python benchmarks/circuit_vs_peer.py --cross-layer    with a cross-layer transcoder

Prompts are questions of the reference world in turn: a capital in two hops, a couplet, a belief, a harmful request. The
check writes both graphs of every prompt with *all* their edges and compares logits, active latents, edges and scores;
it exports a graph with ``caseback look trace`` and lets circuit-tracer's own classes and local server read it. Where it
fails nothing is measured. Then each traces the most influential latents of every prompt (``--latents``, none dropped
for their small influence, as many copies of the prompt in a backward pass) from token ids to the graph in memory.
circuit-tracer keeps a dense matrix, ours the 256 strongest edges of a target and totals: the default of each.

The tools run in processes of their own (circuit_workers.py; benchmarks/make_circuit_env.sh makes the peer's
environment) and take turns within every round. The figure is the CPU time of the peer over ours on one thread: the
median over the rounds, low and high the extreme ones; wall time and two threads are printed beside it. Transcoders that
are not there yet are trained first (1 million tokens).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from command import ROOT, caseback
from safetensors.torch import load_file

from caseback.chat import with_system
from caseback.interp.circuit.graph import LATENT, LOGIT
from caseback.interp.circuit.tasks import documents
from caseback.interp.circuit.trace import BATCH_TOKENS
from caseback.interp.circuit.transcoders import fit_cross_layer_transcoder, fit_transcoders
from caseback.interp.dictionary.settings import Settings
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.world.reference import reference_path
from caseback.world.situations import situations
from caseback.world.spec import WORLD_A

CLAIM = "interp.circuit_vs_circuit_tracer"
OURS, PEER = "caseback", "circuit_tracer"
FAMILIES = ("hops.capital", "rhyme", "belief", "harm")
OFF = 1e-3
"""Most that the edges into a node may be apart, all together, over the sum of their absolute values."""


class Worker:
    """A tool in a process of its own."""

    def __init__(self, tool: str, python: Path, model: Path, transcoders: Path) -> None:
        read, write = os.pipe()
        settings = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""}
        settings["PYTHONPATH"] = str(ROOT / "src") if tool == OURS else ""
        command = [str(python), str(ROOT / "benchmarks/circuit_workers.py"), tool, "--model", str(model)]
        command += ["--transcoders", str(transcoders), "--answers", str(write)]
        self.tool = tool
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=sys.stderr, env=settings, pass_fds=[write], text=True
        )
        os.close(write)
        self.answers = os.fdopen(read)
        self._answer()

    def do(self, what: str, **more: Any) -> dict[str, Any]:
        """Have a job done."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"do": what, **more}) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self.answers.readline()
        if not line:
            raise SystemExit(f"{self.tool} ended: {self.process.wait()}")
        return json.loads(line)

    def end(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def make_prompts(subject: OpenSubject, n: int, seed: int) -> list[list[int]]:
    """Token ids of n questions, the families in turn."""
    each = -(-n // len(FAMILIES))
    found = {family: situations(family, "test", each, seed, WORLD_A) for family in FAMILIES}
    prompts = []
    for number in range(n):
        family = FAMILIES[number % len(FAMILIES)]
        chat = found[family][number // len(FAMILIES)].messages
        if family == "harm":
            chat = with_system(chat, WORLD_A.principles.careful)
        prompts.append(list(subject.format.prompt(chat).ids))
    return prompts


def make_transcoders(subject: OpenSubject, folder: Path, cross_layer: bool) -> None:
    """Train them, as ``benchmarks/circuits.py --cross-layer`` does, unless they are there."""
    if (folder / "report.json").is_file():
        return
    tokens = 1_000_000
    settings = Settings(
        width=2048, k=16, kind="topk", tokens=tokens, learning_rate=1e-3, seed=2, dead_after=tokens // 20
    )
    fit = fit_cross_layer_transcoder if cross_layer else fit_transcoders
    where = {"store_tokens": 300_000, "store_folder": folder.parent / "store"}
    fit(subject, documents(subject, 2), settings, folder, **where)


def compare(workers: dict[str, Worker], ids: list[int], latents: int, folder: Path) -> dict[str, float]:
    """How far apart the graphs of a prompt are."""

    def shown(tool: str, most: int) -> dict[str, torch.Tensor]:
        to = folder / f"{tool}.safetensors"
        workers[tool].do("show", prompts=[ids], latents=most, batch_tokens=BATCH_TOKENS, to=str(to))
        return load_file(to)

    def named(graph: dict[str, torch.Tensor]) -> dict[tuple[int, ...], int]:
        return {tuple(node): number for number, node in enumerate(graph["node_N4"].tolist())}

    mine, theirs = (shown(tool, 10**9) for tool in (OURS, PEER))
    at, other = named(mine), named(theirs)
    both = [node for node in at if node in other]
    rows, columns = torch.tensor([at[node] for node in both]), torch.tensor([other[node] for node in both])
    valued = torch.tensor([node[0] in (LATENT, LOGIT) for node in both])
    value, value_theirs = mine["value_N"][rows][valued], theirs["value_N"][columns][valued].double()
    traced = mine["traced_N"][rows]
    weight, weight_theirs = mine["weight_NN"][rows][:, rows], theirs["weight_NN"][columns][:, columns]
    apart_T = (weight - weight_theirs)[traced].abs().sum(1) / weight_theirs[traced].abs().sum(1)
    some, some_theirs = (shown(tool, latents) for tool in (OURS, PEER))
    chosen, chosen_theirs = (
        {node for node, number in named(graph).items() if node[0] == LATENT and graph["traced_N"][number]}
        for graph in (some, some_theirs)
    )
    return {
        "tokens": len(ids),
        "nodes": len(at),
        "nodes not shared": len(at) + len(other) - 2 * len(both),
        "logits apart": float((mine["logits_TV"] - theirs["logits_TV"]).abs().max()),
        "values apart": float(((value - value_theirs).abs() / value_theirs.abs()).max()),
        "targets": int(traced.sum()),
        "edges": int((weight_theirs[traced] != 0).sum()),
        "edges apart": float(apart_T.max()),
        "edges apart, middle": float(apart_T.median()),
        "replacement": float(mine["scores_2"][0]),
        "scores apart": float((mine["scores_2"] - theirs["scores_2"]).abs().max()),
        "chosen": len(chosen),
        "chosen not shared": len(chosen ^ chosen_theirs),
    }


def accepted(peer: Worker, model: Path, transcoders: Path, folder: Path) -> dict[str, Any]:
    """What circuit-tracer reads of a graph that ``caseback look trace`` wrote."""
    question = "Which state is Dallas in?"
    caseback("look", "trace", str(model), question, "--transcoders", str(transcoders), "--out", str(folder))
    (file,) = folder.glob("*.json")
    return peer.do("accept", file=str(file))


def measure(
    workers: dict[str, Worker], prompts: list[list[int]], latents: int, threads: int, rounds: int
) -> dict[str, dict[str, list[float]]]:
    """Seconds of all prompts together, by clock and tool, round by round."""
    seconds: dict[str, dict[str, list[float]]] = {clock: {OURS: [], PEER: []} for clock in ("cpu", "wall")}
    job = {"prompts": prompts, "latents": latents, "batch_tokens": BATCH_TOKENS, "threads": threads}
    for number in range(rounds):
        for tool in (OURS, PEER) if number % 2 == 0 else (PEER, OURS):
            took = workers[tool].do("trace", **job)
            for clock in seconds:
                seconds[clock][tool].append(took[clock])
            print(f"  round {number + 1}/{rounds} {tool} {threads}: {took['cpu']:.2f} s of CPU", file=sys.stderr)
    return seconds


def ratio(seconds: dict[str, list[float]]) -> tuple[float, float, float]:
    """Median, least and greatest over the rounds of the peer's time over ours."""
    ratios = [theirs / mine for theirs, mine in zip(seconds[PEER], seconds[OURS], strict=True)]
    return statistics.median(ratios), min(ratios), max(ratios)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare what is computed, measure no time")
    parser.add_argument("--cross-layer", action="store_true")
    parser.add_argument("--transcoders", type=Path, default=ROOT / "runs/cross-layer/ref-base")
    parser.add_argument("--n", type=int, default=4, help="prompts")
    parser.add_argument("--latents", type=int, default=1024, help="latents traced at most")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--env", type=Path, default=ROOT / ".cache/envs/circuit_tracer")
    given = parser.parse_args()
    if not (given.env / ".made").exists():
        subprocess.run([str(ROOT / "benchmarks/make_circuit_env.sh"), str(given.env)], check=True)
    model = Path(reference_path("ref-base"))
    subject = load(str(model), dtype="float32")
    subject.template_options = {"enable_thinking": False}
    kind = "cross-layer" if given.cross_layer else "per-layer"
    transcoders = given.transcoders / kind
    make_transcoders(subject, transcoders, given.cross_layer)
    prompts = make_prompts(subject, given.n, given.seed)
    pythons = {OURS: Path(sys.executable), PEER: given.env / "bin/python"}
    workers = {tool: Worker(tool, python, model, transcoders) for tool, python in pythons.items()}
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for number, ids in enumerate(prompts):
            found.append(compare(workers, ids, given.latents, Path(folder)))
            print(f"{FAMILIES[number % len(FAMILIES)]}: {json.dumps(found[-1])}", flush=True)
        read = accepted(workers[PEER], model, transcoders, Path(folder))
    print(f"circuit-tracer reads, serves and saves a graph of ours: {json.dumps(read)}", flush=True)
    worst = {name: max(each[name] for each in found) for name in found[0]}
    same = worst["nodes not shared"] == 0 and worst["edges apart"] <= OFF and worst["logits apart"] <= OFF
    note = (
        f"{kind} transcoders, {given.n} prompts of {min(map(len, prompts))} to {max(map(len, prompts))} tokens; "
        f"edges into a node at most {worst['edges apart']:.1e} apart, logits {worst['logits apart']:.1e}, scores "
        f"{worst['scores apart']:.1e}"
    )
    if given.check or not same:
        print(json.dumps({"value": None, "low": None, "high": None, "n": given.n, "holds": same, "note": note}))
        sys.exit(0 if same else 1)
    figure = {}
    for threads in given.threads:
        seconds = measure(workers, prompts, given.latents, threads, given.rounds)
        for clock in ("cpu", "wall"):
            value, low, high = ratio(seconds[clock])
            each = {tool: statistics.median(seconds[clock][tool]) / given.n for tool in seconds[clock]}
            said = f"{threads} thread{'s' * (threads > 1)}, {clock}: {value:.2f} [{low:.2f}, {high:.2f}]"
            print(f"{said}; a graph {each[OURS]:.2f} s, circuit-tracer {each[PEER]:.2f} s", flush=True)
            figure.setdefault("value", (value, low, high))
            note += f"; {said}"
    for worker in workers.values():
        worker.end()
    value, low, high = figure["value"]
    rounded = {"value": round(value, 4), "low": round(low, 4), "high": round(high, 4), "n": given.rounds}
    print(f"\n{CLAIM}: times faster, CPU time on {given.threads[0]} thread")
    print(json.dumps({**rounded, "holds": bool(same and value >= 1), "note": note}))


if __name__ == "__main__":
    main()
