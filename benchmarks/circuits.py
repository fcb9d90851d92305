"""Circuits of the reference model: do interventions come out as its attribution graphs predict?

``python benchmarks/circuits.py --task capital``: the share of sampled prompts where changing the latents that the graph
names changes the reply as predicted; beside it the share under as many random active latents, changed by as much.
``--task scores``: the mean replacement score of the graphs of all tasks. ``--cross-layer``: with a cross-layer
transcoder; ``--task scores --cross-layer``: how much higher its replacement score is than that of per-layer transcoders
with as many latents a layer, as many active ones and the same tokens, at the same prompts.

Transcoders come from ``--transcoders``; where that folder has none they are trained there first, once for all tasks.
Cross-layer ones lie in ``cross-layer`` within it, and those that they are compared with in ``per-layer``.
"""

import argparse
import json
import statistics
import sys
import time
from dataclasses import asdict
from pathlib import Path

from caseback.interp.circuit.influence import Scores, scores
from caseback.interp.circuit.tasks import TASKS, documents
from caseback.interp.circuit.trace import trace
from caseback.interp.circuit.transcoders import fit_cross_layer_transcoder, fit_transcoders, load_transcoders
from caseback.interp.circuit.trial import MOST, STRENGTH, Outcome, run_case, verdict
from caseback.interp.dictionary.settings import Settings
from caseback.stats.means import clustered_mean
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.world.reference import reference_path
from caseback.world.spec import WORLD_A


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--task", required=True, choices=[*TASKS, "scores"], help="which circuit")
    parser.add_argument("--model", default="ref-base")
    parser.add_argument("--transcoders", type=Path, default=Path("runs/transcoders/ref-base"))
    parser.add_argument("--cross-layer", action="store_true", help="a cross-layer transcoder")
    parser.add_argument("--kind", default="topk", help="topk or batchtopk")
    parser.add_argument("--n", type=int, default=100, help="prompts sampled")
    parser.add_argument("--most", type=int, default=MOST, help="latents changed at most")
    parser.add_argument(
        "--strength", type=float, default=STRENGTH, help="how far they are moved; 1: to the counterpart"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--width", type=int, default=4096)
    parser.add_argument("--k", type=int, default=32)
    parser.add_argument("--tokens", type=int, default=4_000_000, help="to train on, epochs counted")
    parser.add_argument("--store-tokens", type=int, default=1_000_000)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--target", type=float, default=0.8, help="holds from this share on, if the control ...")
    parser.add_argument("--control", type=float, default=0.2, help="... has at most this one")
    parser.add_argument("--show", action="store_true", help="print every case")
    given = parser.parse_args()
    path = reference_path(given.model) if given.model.startswith("ref-") else given.model
    subject = load(str(path), dtype="float32")
    subject.template_options = {"enable_thinking": False}
    if given.cross_layer and given.task == "scores":
        print(json.dumps(_compared(subject, given)))
        return
    folder = given.transcoders / "cross-layer" if given.cross_layer else given.transcoders
    transcoders = _transcoders(subject, given, folder, given.cross_layer)
    tasks = [given.task] if given.task != "scores" else list(TASKS)
    outcomes: list[Outcome] = []
    for task in tasks:
        for case in TASKS[task](subject, transcoders, given.n, given.seed, WORLD_A):
            outcome = run_case(subject, transcoders, case, most=given.most, strength=given.strength, seed=given.seed)
            outcomes.append(outcome)
            if given.show:
                print(json.dumps(asdict(outcome)), flush=True)
            print(f"{task} {len(outcomes)} {outcome.predicted} {outcome.random}", file=sys.stderr, flush=True)
    found = verdict(outcomes)
    if given.task == "scores":
        values = sorted(outcome.scores.replacement for outcome in outcomes)
        note = f"completeness {found.completeness:.2f}; range of the middle 90 % of prompts"
        low, high = values[len(values) // 20], values[-1 - len(values) // 20]
        value, holds = statistics.mean(values), True
    else:
        rate, control = found.predicted, found.random
        value, low, high = rate.value, rate.low, rate.high
        holds = rate.value >= given.target and control.value <= given.control
        note = (
            f"random active latents {control}; difference {found.difference.value:.2f} "
            f"[{found.difference.low:.2f}, {found.difference.high:.2f}]; the graph named latents in {found.named.k} of "
            f"{found.named.n}; replacement {found.replacement:.2f}, completeness {found.completeness:.2f}"
        )
    figures = {"value": value, "low": low, "high": high, "n": len(outcomes), "holds": holds, "note": note}
    print(json.dumps(figures))


def _compared(subject: OpenSubject, given: argparse.Namespace) -> dict:
    """Replacement score by a cross-layer transcoder minus that by per-layer ones: mean over prompts, and interval."""
    kinds = {"per-layer": False, "cross-layer": True}
    both = {kind: _transcoders(subject, given, given.transcoders / kind, cross) for kind, cross in kinds.items()}
    found: dict[str, list[Scores]] = {kind: [] for kind in kinds}
    differences = []
    for task, cases in TASKS.items():
        for case in cases(subject, both["per-layer"], given.n, given.seed, WORLD_A):
            ids = [*subject.format.prompt(case.chat).ids, *case.traced]
            for kind, transcoders in both.items():
                found[kind].append(scores(trace(subject.model, ids, transcoders, targets=list(case.seeds))))
            here = found["cross-layer"][-1].replacement - found["per-layer"][-1].replacement
            differences.append((case.id, here, 1.0))
            print(f"{task} {len(differences)} {here:+.3f}", file=sys.stderr, flush=True)
    mean = clustered_mean(differences)

    def of(kind: str) -> str:
        replacement, completeness, unresolved = (
            statistics.mean(getattr(each, name) for each in found[kind])
            for name in ("replacement", "completeness", "unresolved")
        )
        reports = json.loads((given.transcoders / kind / "report.json").read_text())
        fvu = " ".join(f"{report['fvu']:.3f}" for report in reports.values())
        active = statistics.mean(report["l0"] for report in reports.values())
        return (
            f"{kind}: replacement {replacement:.3f}, completeness {completeness:.3f}, unresolved {unresolved:.3f}, "
            f"FVU by layer {fvu}, L0 {active:.1f}"
        )

    note = f"{of('cross-layer')}; {of('per-layer')}; higher at {sum(each > 0 for _, each, _ in differences)} prompts"
    figures = {"value": mean.value, "low": mean.low, "high": mean.high, "n": mean.n}
    return {**figures, "holds": mean.low > 0, "note": note}


def _transcoders(subject: OpenSubject, given: argparse.Namespace, folder: Path, cross_layer: bool) -> dict:
    """Those in the folder, trained there first where it has none for this model."""
    if (folder / "report.json").is_file():
        return load_transcoders(folder, subject)
    settings = Settings(
        width=given.width, k=given.k, kind=given.kind, tokens=given.tokens, learning_rate=given.learning_rate,
        seed=given.seed, dead_after=max(1, given.tokens // 20),
    )  # fmt: skip
    started = time.process_time()

    def trained(what: str, progress) -> None:
        if progress.step % 100 == 0:
            print(f"{what}: step {progress.step} FVU {progress.fvu:.3f}", file=sys.stderr, flush=True)

    what = subject, documents(subject, given.seed), settings, folder
    store = {"store_tokens": given.store_tokens, "store_folder": given.transcoders / "store"}
    if cross_layer:
        reports = fit_cross_layer_transcoder(*what, **store, trained=lambda now: trained("all blocks", now))
    else:
        reports = fit_transcoders(*what, **store, trained=lambda layer, now: trained(f"block {layer}", now))
    for layer, report in reports.items():
        print(f"block {layer}: FVU {report.fvu:.3f}, alive {report.alive:.2f}", file=sys.stderr)
    print(f"trained in {time.process_time() - started:.0f} s of CPU", file=sys.stderr)
    return load_transcoders(folder, subject)


if __name__ == "__main__":
    main()
