"""How a model is trained: a few named settings, and any of TRL's own passed through unchanged."""

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from caseback.errors import CasebackError

Method = Literal["sft", "dpo", "kto", "grpo", "rloo"]
REWARDED: tuple[Method, ...] = ("grpo", "rloo")
"""Methods that draw replies and reward them."""
PACKAGED = ("sft", "dpo", "kto", "grpo", "rloo")
"""Recipes that come with the package, by name."""

LARGE = 50_000_000
"""Parameters from which on the learning rates usual for adapters on large models are used."""


@dataclass(frozen=True)
class Lora:
    """Low-rank adaptation (Hu et al. 2021, arXiv 2106.09685); the adapter is merged into the saved model."""

    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    targets: str = "all-linear"


@dataclass(frozen=True)
class Recipe:
    """Settings of one training run. GRPO (Shao et al. 2024, arXiv 2402.03300) and RLOO (Ahmadian et al. 2024, arXiv
    2402.14740) draw replies of their own and take a reward; the others learn from replies that are there.

    ``batch_size`` examples enter each forward pass of each process, ``accumulate`` passes make a step. ``warmup`` is
    the share of steps over which the learning rate rises. ``max_length`` is in tokens of prompt and completion.
    ``beta`` is DPO's (Rafailov et al. 2023, arXiv 2305.18290) and KTO's (Ethayarajh et al. 2024, arXiv 2402.01306),
    and for GRPO and RLOO the weight of the distance from the starting model; ``sft_weight`` is the weight of the chosen
    reply's own loss beside DPO's. SFT reads neither. ``save_steps`` apart stand the checkpoints from which a killed run
    goes on. ``trainer`` holds any further field of TRL's configuration for the method, ``report_to`` and ``fsdp`` among
    them.
    """

    method: Method
    learning_rate: float
    epochs: float = 1.0
    max_steps: int = -1
    batch_size: int = 8
    accumulate: int = 1
    max_length: int = 1024
    warmup: float = 0.05
    schedule: str = "cosine"
    weight_decay: float = 0.0
    beta: float = 0.1
    sft_weight: float = 0.0
    lora: Lora | None = None
    seed: int = 0
    save_steps: int = 100
    trainer: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The recipe as plain data, for digests and records."""
        return {**asdict(self), "trainer": dict(self.trainer)}


def load_recipe(source: str | Path) -> Recipe:
    """Read a recipe from a YAML file, or one of the packaged ones (``PACKAGED``) by name.

    Raises:
        CasebackError: where the file is missing or malformed, a key is unknown or a value of the wrong kind.
    """
    if str(source) in PACKAGED:
        text = (files("caseback.training") / "recipes" / f"{source}.yaml").read_text(encoding="utf-8")
    else:
        try:
            text = Path(source).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CasebackError(
                f"{source}: no recipe to read; give a YAML file or one of {', '.join(PACKAGED)}"
            ) from error
    try:
        record = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise CasebackError(f"{source}: not YAML ({' '.join(str(error).split())})") from error
    return parse_recipe(record, str(source))


def recipe_for(method: str, parameters: int, seed: int) -> Recipe:
    """The packaged recipe, for a large model at the learning rates usual for its size."""
    recipe = replace(load_recipe(method), seed=seed)
    if parameters < LARGE:
        return recipe
    if method in REWARDED:  # a group of replies to a prompt stays whole in a pass
        return replace(recipe, learning_rate=1e-5)
    return replace(recipe, learning_rate={"sft": 1e-4, "dpo": 5e-5}[method], batch_size=2, accumulate=8)


def parse_recipe(record: object, source: str = "recipe") -> Recipe:
    """A recipe from plain data; see ``load_recipe``."""
    if not isinstance(record, dict):
        raise CasebackError(f"{source}: a recipe is a mapping of settings, such as `method: sft`")
    known = {item.name for item in fields(Recipe)}
    for key in record:
        check_key(str(key), known, source)
    for item in fields(Recipe):
        if item.default is MISSING and item.default_factory is MISSING and item.name not in record:
            raise CasebackError(f"{source}: the setting {item.name!r} is missing")
    values = {key: _value(key, value, source) for key, value in record.items()}
    if values["method"] not in get_args(Method):
        raise CasebackError(
            f"{source}: method is {values['method']!r}; it must be one of {', '.join(get_args(Method))}"
        )
    return Recipe(**values)


def check_key(key: str, known: set[str], source: str) -> None:
    """Raise CasebackError, naming near matches, unless ``key`` is known."""
    if key in known:
        return
    near = get_close_matches(key, known, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known settings: {', '.join(sorted(known))}"
    raise CasebackError(f"{source}: unknown setting {key!r}; {hint}")


POSITIVE = {"learning_rate", "epochs", "batch_size", "accumulate", "max_length", "save_steps", "beta"}


def _value(key: str, value: Any, source: str) -> Any:
    if key == "lora":
        return _lora(value, source)
    if key == "trainer":
        if value is not None and not isinstance(value, dict):
            raise CasebackError(f"{source}: 'trainer' is a mapping of TRL's own settings")
        return value or {}
    wanted = Recipe.__dataclass_fields__[key].type
    return _number_or_text(key, value, wanted, source)


def _lora(value: Any, source: str) -> Lora | None:
    if value is None or value is False:
        return None
    if value is True:
        return Lora()
    if not isinstance(value, dict):
        raise CasebackError(f"{source}: 'lora' is a mapping (rank, alpha, dropout, targets), or null for full training")
    kinds = {item.name: item.type for item in fields(Lora)}
    for key in value:
        check_key(str(key), set(kinds), f"{source}, lora")
    return Lora(**{key: _number_or_text(key, item, kinds[key], f"{source}, lora") for key, item in value.items()})


def _number_or_text(key: str, value: Any, wanted: Any, source: str) -> Any:
    """YAML reads ``2e-5`` as text, so numbers are read from text too."""
    if wanted not in (int, float):
        if not isinstance(value, str):
            raise CasebackError(f"{source}: {key!r} must be text, not {value!r}")
        return value
    try:
        number = float(value) if not isinstance(value, bool) else float("nan")
    except (TypeError, ValueError):
        number = float("nan")
    if number != number or (wanted is int and number != int(number)):
        kind = "a whole number" if wanted is int else "a number"
        raise CasebackError(f"{source}: {key!r} must be {kind}, not {value!r}")
    if key in POSITIVE and number <= 0:
        raise CasebackError(f"{source}: {key!r} must be above 0, not {value!r}")
    return int(number) if wanted is int else number
