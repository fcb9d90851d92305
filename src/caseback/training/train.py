"""Data become weights: one function over TRL's trainers, the same for every arm."""

import json
import math
import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from caseback.dossier.disk import writing
from caseback.errors import CasebackError
from caseback.subject.chat_format import ChatFormat
from caseback.training.datum import Datum, data_digest, digest_of
from caseback.training.model import load_for_training, rows, save_trained
from caseback.training.quiet import quiet
from caseback.training.recipe import REWARDED, Recipe
from caseback.training.reward import Reward
from caseback.training.targets_only import targets_only
from caseback.training.trl_config import trl_config

RECORD = "caseback_training.json"
"""Written into the folder of a trained model: what it was trained by, on what, and how the loss went."""


@dataclass(frozen=True)
class Trained:
    """A finished training run.

    ``tokens`` went through the model (prompts, completions and, in DPO, both replies, over all epochs);
    ``target_tokens`` of them carried the loss. ``losses`` has one value per step. ``seconds`` is the wall time of the
    call that finished the run. ``dropped`` examples were too long to leave a target within ``max_length``. To KTO each
    reply is an example of its own. ``rewards`` are each step's mean, where replies were drawn and rewarded; their
    tokens are then told from each step's mean length.
    """

    path: Path
    method: str
    examples: int
    dropped: int
    tokens: int
    target_tokens: int
    steps: int
    seconds: float
    losses: tuple[float, ...]
    fingerprint: str
    rewards: tuple[float, ...] = ()


def train(
    recipe: Recipe,
    model_path: Path | str,
    data: Sequence[Datum],
    out: Path,
    *,
    reward: Reward | None = None,
    progress: Callable[[int, int], None] | None = None,
    resume: bool = True,
) -> Trained:
    """Train the model at ``model_path`` on ``data`` by ``recipe``, and write it to the folder ``out``.

    SFT puts the loss on the completion only; DPO and KTO start from and refer to the model given. Every process of an
    ``accelerate launch`` calls this alike. Work in progress lies in ``out`` + ``.partial`` with its checkpoints: a run
    that was killed goes on from the last whole one and gives the same losses as one that was not. A run that is
    already finished is not repeated. The folder ``out`` appears only when it is complete, weights as safetensors.

    Args:
        reward: of the replies that GRPO and RLOO draw to the prompts of ``data``; the other methods take none.
        progress: called with (steps done, steps in all).
        resume: False starts afresh, and replaces what is at ``out``.

    Raises:
        CasebackError: where the data do not fit the method, the model cannot be loaded, ``out`` holds something else or
            cannot be written, or the loss stops being a number.
    """
    _check(recipe, data, reward)
    work = out.with_name(out.name + ".partial")
    begun = time.monotonic()
    with quiet(), writing(out):
        subject = load_for_training(model_path)
        model, tokenizer, format = subject.model, subject.tokenizer, subject.format
        parts = [recipe.as_dict(), subject.digest, data_digest(data)]
        fingerprint = digest_of([*parts, reward.digest] if reward else parts)
        if getattr(model, "is_quantized", False) and not recipe.lora:
            raise CasebackError(f"{model_path} is quantised, so only adapters can be trained on it: set lora: true")
        config = trl_config(recipe, work / "checkpoints", getattr(model.config, "max_position_embeddings", None))
        processes = config.distributed_state
        finished = read_record(out) if resume else None
        if finished and finished.fingerprint == fingerprint:
            return finished
        if out.exists() and resume:
            raise CasebackError(f"{out} holds another model: choose another folder, or start afresh to replace it")
        processes.wait_for_everyone()
        if processes.is_main_process:
            _open_work(work, fingerprint, resume)
        processes.wait_for_everyone()
        made = rows(data, format, recipe.method)
        trainer = _trainer(recipe, config, model, tokenizer, made, reward and _scorer(reward, data, format))
        kept = len(made) if recipe.method in REWARDED else _drop_targetless(trainer, recipe, config.max_length)
        trainer.add_callback(_watch(recipe, progress))
        with targets_only():
            trainer.train(resume_from_checkpoint=last_checkpoint(work / "checkpoints"))
        save_trained(trainer, model_path, work / "model")
    history = trainer.state.log_history
    if recipe.method in REWARDED:
        tokens, targets, epochs = *_drawn_tokens(history, config), 1.0
    else:
        tokens, targets = _count_tokens(trainer)
        epochs = float(trainer.state.epoch or 0.0)
    trained = Trained(
        path=out,
        method=recipe.method,
        examples=kept,
        dropped=len(made) - kept,
        tokens=round(tokens * epochs),
        target_tokens=round(targets * epochs),
        steps=trainer.state.global_step,
        seconds=time.monotonic() - begun,
        losses=tuple(float(entry["loss"]) for entry in history if "loss" in entry),
        fingerprint=fingerprint,
        rewards=tuple(float(entry["reward"]) for entry in history if "reward" in entry),
    )
    processes.wait_for_everyone()
    if processes.is_main_process:
        with writing(out):
            _close_work(work, out, trained, recipe, data)
    processes.wait_for_everyone()
    return trained


def read_record(folder: Path) -> Trained | None:
    """The record of a training that finished in ``folder``; None where there is none."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))["trained"]
        curves = {name: tuple(record.get(name, ())) for name in ("losses", "rewards")}
        return Trained(**{**record, "path": folder, **curves})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def last_checkpoint(folder: Path) -> str | None:
    """The newest whole checkpoint; one that a kill cut short lacks the trainer's state, which is written last."""
    whole = []
    for checkpoint in folder.glob("checkpoint-*"):
        try:
            whole.append((int(json.loads((checkpoint / "trainer_state.json").read_text())["global_step"]), checkpoint))
        except (OSError, ValueError, KeyError):
            continue
    return str(max(whole)[1]) if whole else None


def _check(recipe: Recipe, data: Sequence[Datum], reward: Reward | None) -> None:
    if not data:
        raise CasebackError("no training data: nothing passed the selection, so there is nothing to train on")
    if recipe.method in REWARDED:
        if reward is None:
            raise CasebackError(f"{recipe.method} draws replies of its own and needs a reward for them: give a critic")
        return
    if reward is not None:
        raise CasebackError(f"{recipe.method} learns from the replies that are there: it takes no reward, grpo does")
    for index, datum in enumerate(data):
        if not datum.chosen.strip():
            raise CasebackError(f"training datum {index} ({datum.situation or 'no situation'}) has an empty target")
        if recipe.method == "dpo" and not datum.rejected.strip():
            raise CasebackError(f"training datum {index} has no rejected reply: DPO needs preferences, use method sft")
        if recipe.method == "sft" and datum.rejected:
            raise CasebackError(f"training datum {index} is a preference: SFT takes single targets, use method dpo")
    if recipe.method == "kto" and not any(datum.rejected.strip() for datum in data):
        raise CasebackError("no training datum has a rejected reply: KTO needs some that are bad, use method sft")


def _open_work(work: Path, fingerprint: str, resume: bool) -> None:
    """Keep the checkpoints of the very same run; anything else in the way of this one goes."""
    mark = work / "fingerprint"
    same = mark.is_file() and mark.read_text() == fingerprint
    if work.exists() and not (same and resume):
        shutil.rmtree(work)
    shutil.rmtree(work / "model", ignore_errors=True)
    work.mkdir(parents=True, exist_ok=True)
    mark.write_text(fingerprint)


def _close_work(work: Path, out: Path, trained: Trained, recipe: Recipe, data: Sequence[Datum]) -> None:
    record = {
        "trained": {**asdict(trained), "path": "."},
        "recipe": recipe.as_dict(),
        "data": data_digest(data),
        "clauses": sorted({clause for datum in data for clause in datum.clauses}),
    }
    (work / "model" / RECORD).write_text(json.dumps(record, indent=1), encoding="utf-8")
    if out.exists():
        shutil.rmtree(out)
    os.replace(work / "model", out)
    shutil.rmtree(work)


def _scorer(reward: Reward, data: Sequence[Datum], format: ChatFormat) -> Callable[..., list[float | None]]:
    """The reward as TRL calls it: with completions as it has them, and the places of the data they belong to."""

    def scored(completions: Sequence[Any], place: Sequence[int], **_: Any) -> list[float | None]:
        raw = [item if isinstance(item, str) else item[0]["content"] for item in completions]
        return reward([data[i] for i in place], [format.split(text, thinking=False)[1] for text in raw])

    return scored


def _trainer(
    recipe: Recipe, config: Any, model: Any, tokenizer: Any, examples: list[dict[str, Any]], scorer: Any
) -> Any:
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import PrinterCallback
    from trl import DPOTrainer, GRPOTrainer, KTOTrainer, RLOOTrainer, SFTTrainer

    adapter = recipe.lora and LoraConfig(
        r=recipe.lora.rank,
        lora_alpha=recipe.lora.alpha,
        lora_dropout=recipe.lora.dropout,
        target_modules=recipe.lora.targets,
        task_type="CAUSAL_LM",
    )
    kinds = {"sft": SFTTrainer, "dpo": DPOTrainer, "kto": KTOTrainer, "grpo": GRPOTrainer, "rloo": RLOOTrainer}
    trainer = kinds[recipe.method](
        model=model,
        **({"reward_funcs": scorer} if scorer else {}),
        args=config,
        train_dataset=Dataset.from_list(examples),
        processing_class=tokenizer,
        peft_config=adapter,
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def _drop_targetless(trainer: Any, recipe: Recipe, max_length: int) -> int:
    """Drop examples whose prompt alone fills ``max_length``: a batch of them has no target, and no defined loss."""
    rows = trainer.train_dataset
    if recipe.method == "sft" and any(all(label == -100 for label in labels) for labels in rows["labels"]):
        rows = rows.filter(lambda row: any(label != -100 for label in row["labels"]))
        trainer.train_dataset = rows
    if not len(rows):
        raise CasebackError(f"every prompt is longer than max_length, {max_length} tokens: raise it or shorten them")
    return len(rows)


def _count_tokens(trainer: Any) -> tuple[int, int]:
    """Tokens in the data set as the trainer prepared it: all, and those that carry the loss."""
    rows = trainer.train_dataset
    if "labels" in rows.column_names:
        return (
            sum(map(len, rows["input_ids"])),
            sum(label != -100 for labels in rows["labels"] for label in labels),
        )
    prompts = sum(map(len, rows["prompt_ids"]))
    if "completion_ids" in rows.column_names:
        targets = sum(map(len, rows["completion_ids"]))
        return prompts + targets, targets
    targets = sum(map(len, rows["chosen_ids"])) + sum(map(len, rows["rejected_ids"]))
    return 2 * prompts + targets, targets


def _drawn_tokens(history: Sequence[dict[str, Any]], config: Any) -> tuple[int, int]:
    """Tokens of the prompts and replies of a run that draws them: all, and those of the replies."""
    steps = [entry for entry in history if "completions/mean_length" in entry]
    drawn = config.per_device_train_batch_size * config.gradient_accumulation_steps * config.world_size
    replies = sum(drawn * float(entry["completions/mean_length"]) for entry in steps)
    return int(steps[-1]["num_tokens"]) if steps else 0, round(replies)


def _watch(recipe: Recipe, progress: Callable[[int, int], None] | None) -> Any:
    """A callback that reports progress and stops a run whose loss is no longer a number."""
    from transformers import TrainerCallback

    class Watch(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if progress and state.is_world_process_zero:
                progress(state.global_step, state.max_steps)

        def on_log(
            self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **kwargs: Any
        ) -> None:
            loss = float((logs or {}).get("loss", 0.0))
            norm = float((logs or {}).get("grad_norm", 0.0))
            if not (math.isfinite(loss) and math.isfinite(norm)):
                raise CasebackError(
                    f"training diverged at step {state.global_step} of {state.max_steps} (loss {loss}, gradient norm "
                    f"{norm}): lower learning_rate, now {recipe.learning_rate}, or raise warmup, now {recipe.warmup}"
                )

    return Watch()
