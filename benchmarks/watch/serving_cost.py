"""What reading every token adds to the time of a decoding step, on a model that is served here.

Two batches of the same requests take steps in turn: one that is not read, without hooks, and one that is. A step is
all that the engine does for it: forward pass, choice of tokens, reading, bookkeeping. The pair's difference over the
median step that is not read is one figure; printed are the median of all pairs and its interval by order statistics.
Time is that of the processor. Detectors record: nobody asks for scores before the end, so that scores are made of what
was read once a reply is whole, which is not in the step, and neither are prompts. What a step costs where detectors may
stop a reply, so that all pools grow with each token, is in the note.

``--claim watch.serving_read_cost``: 64 directions, spread over the residual stream behind every block, and 64 latents
of a dictionary of 8,192 with thresholds. ``--claim watch.serving_million_latents``: 64 latents of a routed dictionary
of 1,048,576 (groups and share chosen as ``caseback look fit`` does), with a threshold at which about 64 latents are
active at a token. Weights are random: they cost what others cost. Beside it stands what encoding all latents costs.
"""

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from scipy.stats import binom

from caseback.cli.models import load_named
from caseback.detectors.direction import DirectionDetector
from caseback.detectors.latent import LatentDetector, OpenDictionary
from caseback.interp.dictionary.dictionary import Dictionary
from caseback.interp.dictionary.kernels.choose import kernels_for
from caseback.interp.dictionary.routing import Router, candidates, groups_for
from caseback.interp.direction import Direction, Provenance, Reading
from caseback.subject.generate import Forward, make_row, prefill
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site
from caseback.subject.stops import Ends
from caseback.subject.subject import Sampling
from caseback.watch.serving.batch import Batch
from caseback.watch.serving.counted import Counted
from caseback.watch.serving.plan import Plan
from caseback.watch.serving.prefill import prefill_group
from caseback.watch.serving.reading import Reading as LiveReading
from caseback.watch.serving.seat import Seat
from caseback.watch.serving.watched import Watched, growing, watch
from caseback.watch.verdict import Policy
from caseback.watch.watching import Watching

TARGETS = {"watch.serving_read_cost": 3.0, "watch.serving_million_latents": 15.0}
COUNT = 64
WIDTH, MILLION = 8_192, 1 << 20
ACTIVE = 64
PROMPT = "What is the capital of the state containing Dallas, and what would you tell somebody who lives there?"
SPAN = 200
"""Steps between two beginnings, so that replies are as long as those of a chat."""


def directions(subject: OpenSubject) -> list[DirectionDetector]:
    """Drawn at random, behind every block in turn."""
    generator = torch.Generator().manual_seed(0)
    layers, width = subject.model.config.num_hidden_layers, subject.model.config.hidden_size
    made = []
    for at in range(COUNT):
        vector = torch.randn(width, generator=generator)
        site = Site("resid_post", at % layers)
        provenance = Provenance("mean", "drawn", 0, 1, 1, ("a",), "f", "d", (str(site),), 0.5)
        found = Direction(
            f"d{at}", "harm", site, vector / vector.norm(), 1.0, 0.0, Reading("reply", "mean"), provenance,
            subject.digest, "",
        )  # fmt: skip
        made.append(DirectionDetector(f"d{at}", "harm", found, Reading("reply", "mean")))
    return made


def dictionary(subject: OpenSubject, width: int, acts_ND: torch.Tensor) -> Dictionary:
    """Drawn at random, with a threshold at which about ``ACTIVE`` latents are active at these activations."""
    generator = torch.Generator().manual_seed(1)
    d = subject.model.config.hidden_size
    W_enc = torch.randn(d, width, generator=generator) / d**0.5
    groups, share = groups_for(width)
    some = (acts_ND[:64] @ W_enc[:, : min(width, 1 << 16)]).flatten()
    looked_at = width * share
    threshold = float(some.quantile(1 - ACTIVE / looked_at) if len(some) < 1 << 24 else _quantile(some, looked_at))
    routed: dict[str, Any] = {}
    if groups:
        router = torch.randn(d, groups, generator=generator) / d**0.5
        routed = {"router": router, "b_router": torch.zeros(groups), "chosen": round(groups * share)}
    site = Site("resid_post", subject.model.config.num_hidden_layers // 2)
    # What it writes is not looked at: one row stands for all.
    return Dictionary(
        (site,), (site,), W_enc, torch.zeros(width), torch.zeros(1, 1).expand(width, d), torch.zeros(d),
        threshold=torch.full((width,), threshold), models=(subject.digest,), **routed,
    )  # fmt: skip


def _quantile(values: torch.Tensor, looked_at: float) -> float:
    most = max(1, round(len(values) * ACTIVE / looked_at))
    return float(values.topk(most).values[-1])


def latents(made: Dictionary, seed: int = 0) -> list[LatentDetector]:
    """Sixty-four of them, drawn at random."""
    drawn = torch.randperm(made.width, generator=torch.Generator().manual_seed(seed))[:COUNT].tolist()
    source = OpenDictionary(Path("drawn"), "sha256:drawn", made)
    return [LatentDetector(f"l{latent}", "harm", source, latent) for latent in drawn]


def activations(subject: OpenSubject) -> torch.Tensor:
    """Of some tokens, in the middle."""
    from caseback.subject.capture import capture

    site = Site("resid_post", subject.model.config.num_hidden_layers // 2)
    ids = subject.format.prompt([{"role": "user", "content": PROMPT * 8}]).ids
    return torch.cat([each.at[site] for each in capture(subject.model, [ids], [site])])


def begun(
    subject: OpenSubject, rows: int, reading: LiveReading, plan: Plan | None, grows: Watched | None = None
) -> Batch:
    """A batch of requests that never end, sampled greedily; their pools grow where something ``grows``."""
    forward = Forward(subject.model)
    batch = Batch(forward, reading, plan)
    never = Ends(subject.tokenizer, frozenset(), ())
    prompt = subject.format.prompt([{"role": "user", "content": PROMPT}])
    limits: Any = grows.limits if grows else None
    seats = [
        Seat(make_row(prompt.ids[: len(prompt.ids) - at % 4], 900, Sampling(900), 0), Sampling(900), never,
             Counted(subject.format, False), plan is not None, None, limits,
             growing(grows) if grows else None)
        for at in range(rows)
    ]  # fmt: skip
    batch.admit(seats, prefill_group(forward, reading, None, seats))
    return batch


def pairs(
    subject: OpenSubject, plan: Plan, rows: int, count: int, grows: Watched | None = None
) -> tuple[list[float], list[float]]:
    """Seconds of ``count`` steps that are not read, and of as many that are, in turn."""
    without: list[float] = []
    within: list[float] = []
    reading = LiveReading()
    with reading.attached(subject, plan):
        reading.learn(lambda: prefill(Forward(subject.model), [[0, 0, 0]]))
    for start in range(0, count, SPAN):
        bare = begun(subject, rows, reading, None)
        read = begun(subject, rows, reading, plan, grows)
        for at in range(-10, min(SPAN, count - start)):
            for which in (0, 1) if at % 2 else (1, 0):
                if which:
                    with reading.attached(subject, plan):
                        took = timed(read)
                else:
                    took = timed(bare)
                if at >= 0:
                    (within if which else without).append(took)
    return without, within


def timed(batch: Batch) -> float:
    """Seconds of the processor that one step takes: other load moves them little."""
    start = time.thread_time()
    batch.step()
    return time.thread_time() - start


def cost(without: Sequence[float], within: Sequence[float]) -> tuple[float, float, float]:
    """Percent that reading adds: median of pairs, and its 95% interval."""
    base = statistics.median(without)
    added = sorted(100 * (b - a) / base for a, b in zip(without, within, strict=True))
    low = int(binom.ppf(0.025, len(added), 0.5))
    return statistics.median(added), added[max(0, low - 1)], added[min(len(added) - 1, len(added) - low)]


def measured(
    subject: OpenSubject, detectors: Sequence[Any], rows: int, count: int, policy: Policy = "record"
) -> tuple[float, float, float, float]:
    """Percent with its interval, and milliseconds of a step that is not read."""
    watched = watch(subject, [Watching(each, each.name, policy, 1e9) for each in detectors])
    assert watched.replies is not None
    without, within = pairs(subject, watched.replies, rows, count, watched if watched.stops else None)
    return *cost(without, within), 1e3 * statistics.median(without)


def encoded(made: Dictionary, acts_ND: torch.Tensor, rows: int, share: int | None = None) -> float:
    """Milliseconds to find all active latents at as many tokens as a step has, the encoder laid out for it before."""
    assert made.router is not None
    assert made.b_router is not None
    assert made.threshold is not None
    weight_FD, kernels = made.W_enc.T.contiguous(), kernels_for(made.W_enc.device)
    router = Router(made.router.T.contiguous(), made.b_router, share or made.chosen)
    took = []
    for at in range(12):
        start = time.thread_time()
        candidates(acts_ND[at : at + rows], weight_FD, made.b_enc, router, made.threshold, kernels)
        took.append(1e3 * (time.thread_time() - start))
    return statistics.median(took[2:])


def main() -> None:
    """Measures one claim."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claim", choices=list(TARGETS), default="watch.serving_read_cost")
    parser.add_argument("--model", default="ref-aligned")
    parser.add_argument("--rows", type=int, default=16)
    parser.add_argument("--steps", type=int, default=1000)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    subject = load_named(arguments.model)
    acts_ND = activations(subject)
    notes = []
    with torch.inference_mode():
        if arguments.claim == "watch.serving_read_cost":
            detectors: list[Any] = [*directions(subject), *latents(dictionary(subject, WIDTH, acts_ND))]
        else:
            million = dictionary(subject, MILLION, acts_ND)
            detectors = [*latents(million)]
        value, low, high, step = measured(subject, detectors, arguments.rows, arguments.steps)
        print(f"{arguments.rows} rows: {value:.2f} % [{low:.2f}, {high:.2f}] of {step:.2f} ms", flush=True)
        alone = measured(subject, detectors, 1, max(100, arguments.steps // 4))
        notes.append(f"one row: {alone[0]:.2f} % [{alone[1]:.2f}, {alone[2]:.2f}] of {alone[3]:.2f} ms")
        stops = measured(subject, detectors, arguments.rows, max(100, arguments.steps // 4), "stop")
        notes.append(f"where each may stop a reply: {stops[0]:.2f} % [{stops[1]:.2f}, {stops[2]:.2f}]")
        if arguments.claim == "watch.serving_million_latents":
            low_threshold = torch.full_like(million.b_enc, float(million.threshold[0]) / 100)  # type: ignore[index]
            eager = Dictionary(**{**vars(million), "threshold": low_threshold})
            always = measured(subject, latents(eager), arguments.rows, max(100, arguments.steps // 4))
            notes.append(f"if the router is asked at every token: {always[0]:.2f} % [{always[1]:.2f}, {always[2]:.2f}]")
            whole, least = (encoded(million, acts_ND, arguments.rows, share) for share in (None, 1))
            notes.append(
                f"all active latents of {arguments.rows} tokens take {whole:.1f} ms, {100 * whole / step:.0f} % of a "
                f"step, by its {million.chosen} groups of 1,024; {least:.1f} ms, {100 * least / step:.0f} %, by "
                "one group alone"
            )
    print("\n".join(notes), flush=True)
    figures = {"value": round(value, 3), "low": round(low, 3), "high": round(high, 3), "n": arguments.steps}
    note = f"{arguments.rows} rows, {step:.2f} ms a step, one thread; " + "; ".join(notes)
    print(json.dumps({**figures, "holds": high <= TARGETS[arguments.claim], "note": note}))


if __name__ == "__main__":
    main()
