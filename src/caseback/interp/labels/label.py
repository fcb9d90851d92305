"""A label: what a latent is said to stand for, and what raising it is said to do."""

from dataclasses import dataclass

from caseback.interp.dictionary.dictionary import Dictionary
from caseback.interp.labels.claims import CLAIMS, Claim
from caseback.interp.labels.detection import best_latent, best_level, f1_table
from caseback.interp.labels.units import Floats, Heard
from caseback.interp.labels.variables import UNITS, VARIABLES, Unit


@dataclass(frozen=True)
class Label:
    """What is said of a latent.

    Attributes:
        latent: Its number.
        says: The description.
        by: ``world`` where it is one of the world's latent variables, else the name of the model that wrote it.
        variable: Name of that variable; empty where a model described it.
        unit: What the description is told of.
        level: Activation above which it counts as on.
        typical: Mean activation where it is on: one dose.
        chosen_f1: F1 on the conversations that the label was chosen on; NaN where a model described it.
        claim: What raising it does to behaviour; None where nothing is claimed.
    """

    latent: int
    says: str
    by: str
    variable: str
    unit: Unit
    level: float
    typical: float
    chosen_f1: float
    claim: Claim | None


def label_of_variable(heard: Heard, latent: int, name: str, level: float, f1: float) -> Label:
    """The label by which a latent stands for a variable."""
    variable = VARIABLES[name]
    typical = typical_activation(heard, latent, level)
    return Label(latent, variable.says, "world", name, variable.unit, level, typical, f1, CLAIMS.get(name))


def best_labels(heard: Heard) -> list[Label]:
    """For every variable that occurs, the latent that tells it best; by the order of the variables."""
    found = {}
    for unit in UNITS:
        units = heard.units[unit]
        names = [name for name, truth in units.truth.items() if truth.any()]
        table_FV = f1_table(units, names)
        for column, name in enumerate(names):
            latent, level, f1 = best_latent(units, name, table_FV[:, column])
            found[name] = label_of_variable(heard, latent, name, level, f1)
    return [found[name] for name in VARIABLES if name in found]


def best_label(heard: Heard, latent: int) -> Label:
    """The variable that a latent tells best."""
    tried = [
        (f1, name, level)
        for unit in UNITS
        for name, truth in heard.units[unit].truth.items()
        for level, f1 in [best_level(heard.units[unit].of(latent), truth)]
    ]
    f1, name, level = max(tried, key=lambda each: each[0])
    return label_of_variable(heard, latent, name, level, f1)


def typical_activation(heard: Heard, latent: int, level: float = 0.0) -> float:
    """Mean activation over the tokens where a latent is above its level; over all where it is active, where there are
    none; 0 where it never is."""
    values: Floats = heard.tokens.of(latent)
    on = values[values > level]
    on = on if len(on) else values[values > 0]
    return float(on.mean()) if len(on) else 0.0


def alive(heard: Heard, dictionary: Dictionary, least: int = 5) -> list[int]:
    """Latents that are active at ``least`` tokens or more."""
    counts = (heard.tokens.values > 0).sum(axis=0)
    return [latent for latent in range(dictionary.width) if int(counts[latent]) >= least]
