"""A recipe as the configuration object that TRL's trainer reads."""

from dataclasses import fields
from pathlib import Path
from typing import Any

from caseback.training.recipe import REWARDED, Recipe, check_key


def trl_config(recipe: Recipe, checkpoints: Path, context: int | None) -> Any:
    """TRL's configuration for a recipe: SFTConfig, DPOConfig, KTOConfig, GRPOConfig or RLOOConfig.

    ``recipe.trainer`` is laid over what the recipe's own settings give, so that every field of TRL's stays in reach.
    Sequences are held to the model's context of ``context`` tokens, where it has one. Every step is logged, and not
    with infinities smoothed over, so that a diverging run is seen at once.

    Raises:
        CasebackError: where ``recipe.trainer`` names a field that TRL does not have.
    """
    import torch
    from trl import DPOConfig, GRPOConfig, KTOConfig, RLOOConfig, SFTConfig

    kinds = {"sft": SFTConfig, "dpo": DPOConfig, "kto": KTOConfig, "grpo": GRPOConfig, "rloo": RLOOConfig}
    kind = kinds[recipe.method]
    known = {item.name for item in fields(kind) if item.init}
    for key in recipe.trainer:
        check_key(key, known, f"recipe, trainer ({kind.__name__})")
    gpu = torch.cuda.is_available()
    settings: dict[str, Any] = {
        "output_dir": str(checkpoints),
        "learning_rate": recipe.learning_rate,
        "num_train_epochs": recipe.epochs,
        "max_steps": recipe.max_steps,
        "per_device_train_batch_size": recipe.batch_size,
        "gradient_accumulation_steps": recipe.accumulate,
        "warmup_steps": recipe.warmup,
        "lr_scheduler_type": recipe.schedule,
        "weight_decay": recipe.weight_decay,
        "seed": recipe.seed,
        "data_seed": recipe.seed,
        "save_strategy": "steps",
        "save_steps": recipe.save_steps,
        "save_total_limit": 2,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "report_to": "none",
        "disable_tqdm": True,
        "use_cpu": not torch.accelerator.is_available(),
        "bf16": gpu and torch.cuda.is_bf16_supported(),
        "gradient_checkpointing": gpu,
        "dataloader_pin_memory": gpu,
    }
    if recipe.method not in REWARDED:
        settings["max_length"] = min(recipe.max_length, context) if context else recipe.max_length
    if recipe.method != "sft":
        settings["beta"] = recipe.beta
        if recipe.method == "dpo" and recipe.sft_weight:
            settings |= {"loss_type": ["sigmoid", "sft"], "loss_weights": [1.0, recipe.sft_weight]}
    return kind(**{**settings, **recipe.trainer})
