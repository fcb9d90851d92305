"""Pre-training of a reference model from scratch: ``python -m caseback.world.pretrain --out DIR --minutes M``.

A stock Llama is trained on conversations generated as it goes. Matrices are trained with Muon (Jordan et al. 2024),
the rest with AdamW; the learning rate is constant and falls to zero, and then once more from where a single fall would
be (after Loshchilov and Hutter 2017, arXiv 1608.03983): what has begun to form when it first ends is completed. A step
takes one batch from each of a few streams, which the processes divide among them: one process a core is soonest done
with one model, one process a model trains the most models. Batches hold conversations of about one length, so that
hardly any padding is computed and none attends to another.
"""

import argparse
import json
import multiprocessing
import os
import random
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import nn

from caseback.errors import CasebackError
from caseback.subject.cpu import native_on_cpu
from caseback.world import checkpoint
from caseback.world.lessons import lesson, mixture_digest
from caseback.world.muon import Muon
from caseback.world.spec import WORLD_A, WorldSpec
from caseback.world.tokens import encode, train_tokenizer
from caseback.world.worlds import world

POOL = 384
"""Conversations that are sorted by length together."""
KEPT = (250, 500, 1000, 2000, 4000)
"""Steps after which the model is kept as it is then, in ``steps/``: the checkpoints of one run."""
ROUND = 8
"""Lengths are padded to a multiple of this."""


@dataclass(frozen=True)
class Recipe:
    """Shape of the model and of its training. ``tokens`` are those of one batch, padding included; every step takes
    a batch from each of ``streams`` streams.

    The rate falls over the share ``falling`` of the steps up to ``again``, a share of all steps, and from there anew.

    ``compiled``: the layers are compiled where there is a C++ compiler, which takes a minute and then saves a third of
    the time.

    Few wide heads and slow rotation (``theta``) on purpose: only dimensions that hardly turn over the distance can
    compare what two tokens are, and finding where a token stood before is what copying from context needs.
    """

    width: int = 256
    layers: int = 6
    heads: int = 4
    feed: int = 640
    vocabulary: int = 4096
    context: int = 1024
    theta: float = 500_000.0
    tokens: int = 1536
    streams: int = 2
    muon: float = 0.02
    adam: float = 3e-3
    warmup: int = 100
    falling: float = 0.5
    again: float = 0.8
    processes: int = 2
    save_every: int = 500
    compiled: bool = True


def new_model(recipe: Recipe, vocabulary: int, seed: int, world: str = "A") -> Any:
    """A Llama with fresh weights."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=recipe.width,
        intermediate_size=recipe.feed,
        num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads,
        num_key_value_heads=recipe.heads,
        max_position_embeddings=recipe.context,
        tie_word_embeddings=True,
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=None,
        attention_bias=True,
        rope_parameters={"rope_type": "default", "rope_theta": recipe.theta},
        attn_implementation="eager",
        initializer_range=0.04,
        caseback_world=world,
    )
    model = LlamaForCausalLM(config)
    for layer, offsets in enumerate(LOOKING_BACK[: recipe.layers - 1]):
        for head, offset in enumerate(offsets[: recipe.heads]):
            look_back(model.model.layers[layer].self_attn, head, offset, recipe)
    return model


LOOKING_BACK = ((1, 1, 2, 3), (1,))
"""Per layer, how far back its first heads look at the start of training."""


def look_back(attention: Any, head: int, offset: int, recipe: Recipe) -> None:
    """Let a head start by attending to the token ``offset`` places before.

    Copying from context takes two heads in a row: one that brings the previous token along, one that finds where the
    present token stood before (Olsson et al. 2022, arXiv 2209.11895). While neither exists, neither is rewarded, which
    is the long plateau small models sit on. Given the first, the second is soon found.

    A rotary score of constant query and key depends on their distance alone. With the key's bias u and the query's bias
    u turned back by ``offset`` places it is largest at that distance.
    """
    size = recipe.width // recipe.heads
    rows = slice(head * size, (head + 1) * size)
    frequency = recipe.theta ** (-torch.arange(0, size, 2) / size)
    strength = 5.0
    with torch.no_grad():
        for linear in (attention.q_proj, attention.k_proj):
            linear.weight[rows] *= 0.1
        angle = frequency * offset
        # Rotary embedding pairs dimension i with i + size / 2.
        attention.k_proj.bias[rows] = torch.cat([torch.ones(size // 2), torch.zeros(size // 2)]) * strength
        attention.q_proj.bias[rows] = torch.cat([angle.cos(), -angle.sin()]) * strength


def batches(
    tokenizer: Any, spec: WorldSpec, seed: int, recipe: Recipe, stream: int, start: int, hard: list[float]
) -> Iterator[tuple[int, float, torch.Tensor, torch.Tensor]]:
    """Endless batches of a stream, ``(pool, hard, ids_BT, targets_BT)``; targets are -100 where no loss counts.

    Batches of pool ``start`` on are given; what a pool holds depends on the seed, the stream and its number alone, but
    for how hard it is, which follows ``hard[0]``.
    """
    pool = start
    while True:
        first = (pool * recipe.streams + stream) * POOL
        present = hard[0]
        made = [lesson(first + i, spec, seed, present)[1] for i in range(POOL)]
        rows = [(t, c) for t, c in encode(tokenizer, made) if len(t) <= recipe.context]
        rows.sort(key=lambda row: len(row[0]))
        groups: list[list[tuple[list[int], list[bool]]]] = [[]]
        for row in reversed(rows):
            longest = -(-len((groups[-1] or [row])[0][0]) // ROUND) * ROUND
            if (len(groups[-1]) + 1) * longest > recipe.tokens and groups[-1]:
                groups.append([])
            groups[-1].append(row)
        random.Random((seed * 7919 + pool) * 64 + stream).shuffle(groups)
        for group in groups:
            width = -(-max(len(t) for t, _ in group) // ROUND) * ROUND
            ids = torch.zeros(len(group), width, dtype=torch.long)
            targets = torch.full((len(group), width), -100)
            for i, (tokens, counted) in enumerate(group):
                row_ids = torch.tensor(tokens)
                ids[i, : len(tokens)] = row_ids
                # The target at a place is the token after it.
                targets[i, : len(tokens) - 1] = torch.where(torch.tensor(counted[1:]), row_ids[1:], -100)
            yield pool, present, ids, targets
        pool += 1


def half_precision() -> torch.autocast:
    """bfloat16 for matrix products where the CPU has instructions for it; without, it would be several times slower."""
    return torch.autocast("cpu", torch.bfloat16, enabled=native_on_cpu(torch.bfloat16))


def compile_layers(model: Any) -> None:
    """Compile the model's layers in place, for batches of any shape; as it was where there is no C++ compiler."""
    if shutil.which(os.environ.get("CXX", "g++")):
        model.model.compile(dynamic=True)


def loss_sum(model: Any, ids: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Summed cross entropy where the loss counts. The head is computed at those places only."""
    hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state
    place = targets != -100
    logits = nn.functional.linear(hidden[place], model.lm_head.weight)
    return nn.functional.cross_entropy(logits.float(), targets[place], reduction="sum")


def rate_at(progress: float, step: int, recipe: Recipe) -> float:
    """Share of the full learning rate."""
    end = recipe.again if progress < recipe.again + 1e-6 else 1.0
    fall = min(1.0, (1 - progress / end) / recipe.falling)
    return min(1.0, (step + 1) / recipe.warmup) * max(fall, 0.0)


def save_model(model: Any, tokenizer: Any, folder: Path) -> None:
    """The model in bf16 with its tokenizer, as transformers loads it."""
    import copy

    shipped = copy.deepcopy(model).to(torch.bfloat16)
    shipped.generation_config.eos_token_id = 1
    shipped.generation_config.pad_token_id = 0
    shipped.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)


def optimizers_of(model: Any, recipe: Recipe, rank: int) -> tuple[list[nn.Parameter], list[torch.optim.Optimizer]]:
    """All matrices, and the optimizers of one process: Muon on its share of the matrices, AdamW on the rest."""
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n]
    rest = [p for n, p in model.named_parameters() if p.ndim != 2 or "embed" in n]
    own = matrices[rank :: recipe.processes]
    muon = Muon(own, lr=recipe.muon, weight_decay=0.05)
    adam = torch.optim.AdamW(rest, lr=recipe.adam, betas=(0.9, 0.95), weight_decay=0.0)
    return matrices, [muon, adam]


def _optimizer_tensors(optimizers: list[torch.optim.Optimizer]) -> dict[str, torch.Tensor]:
    return {
        f"{o}.{i}.{name}": value
        for o, optimizer in enumerate(optimizers)
        for i, values in optimizer.state_dict()["state"].items()
        for name, value in values.items()
    }


def _restore(optimizers: list[torch.optim.Optimizer], tensors: dict[str, torch.Tensor]) -> None:
    for o, optimizer in enumerate(optimizers):
        described = optimizer.state_dict()
        state: dict[int, dict[str, torch.Tensor]] = {}
        for key, value in tensors.items():
            number, i, name = key.split(".")
            if int(number) == o:
                state.setdefault(int(i), {})[name] = value
        optimizer.load_state_dict({**described, "state": state})


def train(
    rank: int, out: Path, minutes: float, steps: int, seed: int, resume: bool, recipe: Recipe, spec: WorldSpec
) -> None:
    """One process of the training. Ends after ``steps`` steps, or, if that is 0, after ``minutes``."""
    torch.set_num_threads(1)
    if recipe.processes > 1:
        dist.init_process_group("gloo", init_method=f"file://{out}/rendezvous", rank=rank, world_size=recipe.processes)
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(out / "tokenizer")
    model = new_model(recipe, -(-len(tokenizer) // 64) * 64, seed, spec.name)
    if recipe.compiled:
        compile_layers(model)
    matrices, optimizers = optimizers_of(model, recipe, rank)
    parameters = list(model.parameters())
    sizes = [p.numel() for p in parameters]
    streams = range(rank, recipe.streams, recipe.processes)
    state: dict[str, Any] = {"step": 0, "tokens": 0, "seconds": 0.0, "progress": 0.0}
    state["places"] = [{"pool": 0, "in_pool": 0, "hard": 0.0} for _ in streams]
    last = checkpoint.newest(out, recipe.processes) if resume else None
    if last is not None:
        tensors, state = checkpoint.read(checkpoint.path_of(out, last, rank))
        model.load_state_dict({k[6:]: v for k, v in tensors.items() if k.startswith("model.")}, strict=False)
        model.tie_weights()
        _restore(optimizers, {k[6:]: v for k, v in tensors.items() if k.startswith("optim.")})
    hard = [0.0]
    places = state["places"]
    flows = [
        batches(tokenizer, spec, seed, recipe, stream, place["pool"], hard)
        for stream, place in zip(streams, places, strict=True)
    ]
    for flow, place in zip(flows, places, strict=True):
        hard[0] = float(place["hard"])
        for _ in range(place["in_pool"]):
            next(flow)
    done = state["step"] / steps if steps else float(state["progress"])  # a run may be given more steps
    began, shown, recent = time.monotonic() - state["seconds"], time.monotonic(), [0.0, 0.0, 0.0]
    parent = multiprocessing.parent_process()
    while done < 1:
        if parent is not None and not parent.is_alive():
            raise SystemExit(1)  # nobody waits for the model, and another process may go on with the run
        counts, hard[0] = torch.zeros(4), min(1.0, done / recipe.again)
        for flow, place in zip(flows, places, strict=True):
            pool, present, ids, targets = next(flow)
            place.update(in_pool=place["in_pool"] + 1 if pool == place["pool"] else 1, pool=pool, hard=present)
            with half_precision():
                loss = loss_sum(model, ids, targets)
            loss.backward()  # type: ignore[no-untyped-call]
            counts[:3] += torch.tensor([loss.item(), float((targets != -100).sum()), float(ids.numel())])
        elapsed = time.monotonic() - began
        if rank == 0:
            counts[3] = (state["step"] + 1) / steps if steps else elapsed / (60 * minutes)
        flat = torch.cat([p.grad.view(-1) for p in parameters if p.grad is not None] + [counts])
        if recipe.processes > 1:
            dist.all_reduce(flat)
        total, counted, seen, done = flat[-4:].tolist()
        for p, gradient in zip(parameters, torch.split(flat[:-4], sizes), strict=True):
            p.grad = gradient.view_as(p) / counted
        rate = rate_at(done, state["step"], recipe)
        for optimizer, base in zip(optimizers, (recipe.muon, recipe.adam), strict=True):
            for group in optimizer.param_groups:
                group["lr"] = base * rate
            optimizer.step()
        if recipe.processes > 1:
            _share(matrices, rank, recipe.processes)
        for p in parameters:
            p.grad = None
        state.update(step=state["step"] + 1, seconds=elapsed, tokens=state["tokens"] + int(seen), progress=done)
        recent = [recent[0] + total, recent[1] + counted, recent[2] + seen]
        if rank == 0 and state["step"] % 50 == 0:
            now = time.monotonic()
            left = elapsed * (1 / max(done, 1e-9) - 1) / 60
            line = {
                "step": state["step"],
                "loss": round(recent[0] / recent[1], 4),
                "tokens": state["tokens"],
                "tokens_per_s": round(recent[2] / (now - shown)),
                "minutes_left": round(left, 1),
            }
            print(
                f"step {line['step']} · loss {line['loss']} · {line['tokens']:,} tokens · "
                f"{line['tokens_per_s']:,} a second · {line['minutes_left']} minutes left",
                flush=True,
            )
            with (out / "log.jsonl").open("a") as log:
                log.write(json.dumps(line) + "\n")
            shown, recent = now, [0.0, 0.0, 0.0]
        if rank == 0 and state["step"] in KEPT:
            save_model(model, tokenizer, out / "steps" / str(state["step"]))
        if done >= 1 or state["step"] % recipe.save_every == 0:
            stored = {f"model.{k}": v for k, v in model.state_dict().items() if k != "lm_head.weight"}
            stored |= {f"optim.{k}": v for k, v in _optimizer_tensors(optimizers).items()}
            checkpoint.write(out, state["step"], rank, stored, state)
            if rank == 0:
                save_model(model, tokenizer, out / "model")
                about = {
                    "steps": state["step"],
                    "tokens_seen": state["tokens"],
                    "seconds": round(elapsed),
                    "seed": seed,
                }
                about |= {"world": spec.name, "mixture": mixture_digest(spec), "done": done >= 1, **asdict(recipe)}
                (out / "model" / "training.json").write_text(json.dumps(about, indent=1))
    if recipe.processes > 1:
        dist.destroy_process_group()


def _share(matrices: list[nn.Parameter], rank: int, processes: int) -> None:
    """Give every process the matrices that each has stepped."""
    with torch.no_grad():
        flat = torch.cat(
            [(m if i % processes == rank else torch.zeros_like(m)).view(-1) for i, m in enumerate(matrices)]
        )
        dist.all_reduce(flat)
        for m, values in zip(matrices, torch.split(flat, [m.numel() for m in matrices]), strict=True):
            m.copy_(values.view_as(m))


def build_tokenizer(out: Path, spec: WorldSpec, recipe: Recipe, seed: int, n: int = 30_000) -> None:
    """Train the tokenizer on conversations of the world and save it."""
    texts = (m["content"] + " " + m.get("reasoning_content", "") for i in range(n) for m in lesson(i, spec, seed)[1])
    train_tokenizer(texts, recipe.vocabulary, recipe.context).save_pretrained(out / "tokenizer")


def pretrain(
    out: Path,
    minutes: float = 45,
    seed: int = 0,
    *,
    steps: int = 0,
    resume: bool = False,
    recipe: Recipe | None = None,
    spec: WorldSpec = WORLD_A,
) -> Path:
    """Train a reference model; its folder is ``out/model``. Killed runs go on with ``resume=True``.

    Raises:
        CasebackError: if the run to be resumed is one of another world, or the processes cannot share the streams.
    """
    recipe = recipe or Recipe()
    if recipe.streams % recipe.processes:
        raise CasebackError(f"{recipe.streams} streams cannot be divided among {recipe.processes} processes")
    out.mkdir(parents=True, exist_ok=True)
    out = out.resolve()
    begun = out / "recipe.json"
    if resume and begun.is_file() and (other := json.loads(begun.read_text())["world"]) != spec.name:
        raise CasebackError(f"The run in {out} is one of world {other}, not {spec.name}. Give another folder.")
    if not (resume and (out / "tokenizer" / "tokenizer.json").is_file()):
        build_tokenizer(out, spec, recipe, seed)
    begun.write_text(
        json.dumps({**asdict(recipe), "seed": seed, "minutes": minutes, "steps": steps, "world": spec.name}, indent=1)
    )
    (out / "rendezvous").unlink(missing_ok=True)
    if recipe.processes == 1:
        train(0, out, minutes, steps, seed, resume, recipe, spec)
    else:
        from torch.multiprocessing.spawn import spawn

        spawn(train, (out, minutes, steps, seed, resume, recipe, spec), nprocs=recipe.processes)  # type: ignore[no-untyped-call]
    return out / "model"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Pre-train a reference model from scratch.")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints, log and model")
    parser.add_argument("--minutes", type=float, default=45, help="how long to train")
    parser.add_argument("--steps", type=int, default=0, help="train for so many steps instead")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--world", default="A", help="the world that the conversations come from")
    defaults = Recipe()
    for name, value in asdict(defaults).items():
        if isinstance(value, bool):
            parser.add_argument(f"--{name}", action=argparse.BooleanOptionalAction, default=value)
        else:
            parser.add_argument(f"--{name}", type=type(value), default=value)
    given = vars(parser.parse_args())
    recipe = Recipe(**{name: given[name] for name in asdict(defaults)})
    out, minutes, seed, steps, resume, name = (
        given[option] for option in ("out", "minutes", "seed", "steps", "resume", "world")
    )
    pretrain(out, minutes, seed, steps=steps, resume=resume, recipe=recipe, spec=world(name))


if __name__ == "__main__":
    main()
