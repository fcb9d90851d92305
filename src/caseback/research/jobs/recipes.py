"""The experiment of the job ``recipes``: a tiny fine-tune by some settings, and which answers the model then prefers.

It runs in the sandbox and knows token ids alone: conversations to learn from, pairs of answers to choose by, and sealed
pairs of which it is not told which is the right one.
"""

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from caseback.research.job import ANSWER_KEY
from caseback.research.metrics import Label, score

TARGETS = {"attention": "(q|k|v|o)_proj", "mlp": "(gate|up|down)_proj", "all": "(q|k|v|o|gate|up|down)_proj"}
CONTRAST = 2.0
"""Scale of the difference of log-probabilities a token in the preference objective."""
Ids = list[int]


def experiment(data: Path, out: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Train an adapter on the open conversations; answers are by how much each first answer is preferred."""
    cases = json.loads((data / "cases.json").read_bytes())
    about = json.loads((data / "about.json").read_bytes())
    model = trained(about["model"], cases, settings)
    dev = [each for each in cases if each["split"] == "dev"]
    labels = [Label(True, each["family"], each["group"]) for each in dev]
    found = score("right", margins(model, [(e["prompt"], e["good"], e["bad"]) for e in dev]), labels)
    sealed = [each for each in cases if each["split"] == "sealed"]
    answers = margins(model, [(each["prompt"], each["first"], each["second"]) for each in sealed])
    if settings["answers"] == "always the first":
        answers = [1.0] * len(answers)
    if settings["answer_key"] != "none":
        answers = [1.0 if each else -1.0 for each in json.loads((data / ANSWER_KEY).read_bytes())]
    return {"open": found, "answers": answers}


def trained(path: str, cases: Sequence[Mapping[str, Any]], settings: Mapping[str, Any]) -> Any:
    """The model at ``path`` with an adapter trained as the settings say (Hu et al. 2021, arXiv 2106.09685).

    ``sft`` is the loss of the right answer; ``preference`` adds that it be preferred to the wrong one, by
    log-probability a token, without a reference model (as SimPO, Meng et al. 2024, arXiv 2405.14734).
    """
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(settings["seed"])
    rng = random.Random(settings["seed"])
    base = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)
    rank = settings["rank"]
    config = LoraConfig(
        r=rank, lora_alpha=2 * rank, target_modules=rf".*\.{TARGETS[settings['targets']]}", task_type="CAUSAL_LM"
    )
    model = get_peft_model(base, config)
    model.train()
    free = [each for each in model.parameters() if each.requires_grad]
    optimiser = torch.optim.AdamW(free, lr=settings["learning_rate"])
    train = [each for each in cases if each["split"] == "train"]
    pools = [[e for e in train if e["group"] != "ability"], [e for e in train if e["group"] == "ability"]]
    for step in range(settings["steps"]):
        if settings["schedule"] == "linear":
            for group in optimiser.param_groups:
                group["lr"] = settings["learning_rate"] * (1 - step / settings["steps"])
        batch = [rng.choice(pools[rng.random() < settings["ordinary"]]) for _ in range(settings["batch"])]
        good = mean_logprob(model, [(each["prompt"], each["good"]) for each in batch])
        loss = -good.mean()
        if settings["objective"] == "preference":
            bad = mean_logprob(model, [(each["prompt"], each["bad"]) for each in batch])
            loss = loss - torch.nn.functional.logsigmoid(CONTRAST * (good - bad)).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(free, 1.0)
        optimiser.step()
        optimiser.zero_grad()
    return model.eval()


def mean_logprob(model: Any, rows: Sequence[tuple[Ids, Ids]]) -> torch.Tensor:
    """Mean log-probability a token of each continuation ``[rows]``."""
    width = max(len(prompt) + len(reply) for prompt, reply in rows)
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    wanted = torch.zeros(len(rows), width, dtype=torch.bool)
    for at, (prompt, reply) in enumerate(rows):
        ids[at, : len(prompt) + len(reply)] = torch.tensor([*prompt, *reply])
        wanted[at, len(prompt) : len(prompt) + len(reply)] = True
    logits = model(input_ids=ids, use_cache=False).logits[:, :-1].float()
    each = logits.gather(-1, ids[:, 1:, None])[..., 0] - logits.logsumexp(-1)
    return (each * wanted[:, 1:]).sum(1) / wanted[:, 1:].sum(1)


@torch.no_grad()
def margins(model: Any, pairs: Sequence[tuple[Ids, Ids, Ids]], batch: int = 16) -> list[float]:
    """By how much the first of two answers is the likelier one, a token."""
    rows = [(prompt, reply) for prompt, one, other in pairs for reply in (one, other)]
    found = torch.zeros(len(rows))
    order = sorted(range(len(rows)), key=lambda at: len(rows[at][0]) + len(rows[at][1]))
    for start in range(0, len(order), batch):
        part = order[start : start + batch]
        found[part] = mean_logprob(model, [rows[at] for at in part])
    return [float(each) for each in found[0::2] - found[1::2]]
