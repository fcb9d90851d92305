"""Labels for latents of a dictionary, each with its examples and its three scores."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from caseback.errors import CasebackError
from caseback.interp.dictionary.dictionary import Dictionary
from caseback.interp.dictionary.threshold import with_threshold
from caseback.interp.labels.conversations import LETTERS, conversations, documents
from caseback.interp.labels.describe import describe, detected
from caseback.interp.labels.detection import Detection, detection
from caseback.interp.labels.effect import Effect, Finding, Trial, effects, finding
from caseback.interp.labels.examples import Examples, examples
from caseback.interp.labels.label import Label, alive, best_label, best_labels
from caseback.interp.labels.units import Heard, heard
from caseback.interp.store.store import Store, side_by_side
from caseback.interp.store.write import capture_store
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Subject
from caseback.world.spec import WorldSpec

THRESHOLD_ROWS = 16_384
"""Tokens that the threshold of a TopK dictionary is set on."""
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Ground:
    """What labels are chosen and measured on.

    Attributes:
        dictionary: With a threshold for each latent.
        chosen: Conversations on which labels are chosen and examples are taken.
        unseen: Those of other families and wordings, by encoding, on which they are measured; plain first.
    """

    dictionary: Dictionary
    chosen: Heard
    unseen: Mapping[str, Heard]


@dataclass(frozen=True)
class Card:
    """A label with its evidence. ``up`` and ``down`` are None where the label claims nothing about behaviour."""

    label: Label
    examples: Examples
    detection: Detection
    up: Effect | None
    down: Effect | None
    finding: Finding


@dataclass(frozen=True)
class Found:
    """The latent that tells a variable best, on unseen conversations.

    ``encoded``: the same latent at the same level in the user's last turn alone, in each encoding; without the
    variables that never hold in that turn.
    """

    label: Label
    detection: Detection
    encoded: Mapping[str, Detection]


def ground(
    subject: OpenSubject, dictionary: Dictionary, spec: WorldSpec, n: int, seed: int, folder: Path, tell: Tell
) -> Ground:
    """Captures the conversations into stores in a folder (which goes on where it was stopped) and encodes them.

    Labels are chosen on families and wordings of the train split and measured on those of the test split.

    Raises:
        CasebackError: the dictionary belongs to another model, or does not read and write one and the same site.
    """
    check_fits(dictionary, subject)
    site = dictionary.reads[0]
    first = conversations(spec, "train", n, seed)
    second = conversations(spec, "test", n, seed)
    wanted = {"chosen": (first, "plain"), **{f"unseen {name}": (second, name) for name in LETTERS}}
    stores: dict[str, Store] = {}
    for number, (name, (told, encoding)) in enumerate(wanted.items()):
        tell("capturing conversations", number, len(wanted))
        put = documents(subject, told, spec, encoding)
        stores[name] = capture_store(subject, put, [site], folder / name.replace(" ", "-"))
    if dictionary.k is not None:
        rows = np.arange(min(len(stores["chosen"]), THRESHOLD_ROWS))
        dictionary = with_threshold(dictionary, side_by_side(stores["chosen"], dictionary.reads, rows).float())
    found = {}
    for number, name in enumerate(stores):
        tell("encoding", number, len(stores))
        found[name] = heard(stores[name], dictionary)
    return Ground(dictionary, found.pop("chosen"), {name.removeprefix("unseen "): each for name, each in found.items()})


def check_fits(dictionary: Dictionary, subject: OpenSubject, latents: Sequence[int] = ()) -> None:
    """See that a dictionary's latents can be read, raised and silenced at one site of this model, and are there.

    Raises:
        CasebackError: otherwise.
    """
    if not dictionary.autoencodes or len(dictionary.reads) != 1:
        reads, writes = (", ".join(map(str, sites)) for sites in (dictionary.reads, dictionary.writes))
        raise CasebackError(
            f"the dictionary reads {reads} and writes {writes}; labels are tested on one that reads and writes one "
            "site: fit one with `caseback look fit STORE`"
        )
    if dictionary.models and subject.digest not in dictionary.models:
        raise CasebackError(
            f"the dictionary was trained on another model ({dictionary.models[0][:19]}…) than {subject.name} "
            f"({subject.digest[:19]}…): fit one on a store of this model"
        )
    for latent in latents:
        if not 0 <= latent < dictionary.width:
            raise CasebackError(f"there is no latent {latent}: the dictionary has 0 to {dictionary.width - 1}")


def variables_found(ground: Ground) -> list[Found]:
    """For every variable the best latent of the conversations it was chosen on, measured on the unseen ones."""
    found = []
    for label in best_labels(ground.chosen):
        encoded = {}
        for name, each in ground.unseen.items():
            units = each.units[label.unit]
            inside = units.coded
            truth = units.truth[label.variable][inside]
            if truth.any():
                values = units.of(label.latent)[inside]
                encoded[name] = detection(values, label.level, truth, units.conversation[inside])
        found.append(Found(label, measured(ground, label), encoded))
    return found


def measured(ground: Ground, label: Label) -> Detection:
    """The score of a label that is one of the world's variables, on plain unseen conversations."""
    units = ground.unseen["plain"].units[label.unit]
    return detection(units.of(label.latent), label.level, units.truth[label.variable], units.conversation)


def cards(
    subject: OpenSubject,
    ground: Ground,
    trial: Trial,
    *,
    latents: Sequence[int] = (),
    teller: Subject | None = None,
    n_examples: int = 8,
    tell: Tell,
) -> list[Card]:
    """A card for each latent: its examples, its label, and the label's three scores.

    Args:
        latents: Which; default: for each variable the one that tells it best.
        teller: A model that describes them; default: each is described by the variable that it tells best.

    Raises:
        CasebackError: a latent is never active, or too few others are to compare it with.
    """
    # Where nothing tells a variable there is no label to make of it.
    by_variable = [] if latents else [label for label in best_labels(ground.chosen) if label.chosen_f1 > 0]
    wanted = list(dict.fromkeys(latents)) or list(dict.fromkeys(label.latent for label in by_variable))
    living = set(alive(ground.chosen, ground.dictionary, least=1))
    for latent in wanted:
        if latent not in living:
            raise CasebackError(f"latent {latent} is never active on these conversations: take more of them (-n)")
    tell("examples", 0, len(wanted))
    shown = examples(ground.chosen, ground.dictionary.reads, wanted, subject.tokenizer, n_examples, trial.seed)
    if teller is not None:
        tell("describing", 0, len(wanted))
        labels = describe(teller, ground.chosen, wanted, shown)
    else:
        # A latent may tell several variables best; its card is of the one that it tells best of all.
        best = {label.latent: label for label in sorted(by_variable, key=lambda label: label.chosen_f1)}
        labels = [best.get(latent) or best_label(ground.chosen, latent) for latent in wanted]
    others = alive(ground.chosen, ground.dictionary)
    found = []
    for number, (label, each) in enumerate(zip(labels, shown, strict=True)):
        tell(f"latent {label.latent}", number, len(labels))
        if label.by == "world":
            score = measured(ground, label)
        else:
            assert teller is not None
            score = detected(teller, ground.unseen["plain"], label, subject.tokenizer, trial.seed)
        up, down = None, None
        if label.claim is not None:
            up, down = effects(subject, ground.dictionary, label.latent, label.typical, label.claim, others, trial)
        found.append(Card(label, each, score, up, down, finding(up, down)))
    tell("latents", len(labels), len(labels))
    return found
