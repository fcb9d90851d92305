"""Power and scheming, read from the very action with which an assistant oversteps what it was given."""

from collections.abc import Sequence

from caseback.chat import Message
from caseback.interp.direction import Reading
from caseback.interp.directions.examples import Example, Progress
from caseback.interp.directions.grounds.ground import Ground, Make, Part
from caseback.interp.directions.grounds.splits import rng_for
from caseback.interp.directions.study import Data
from caseback.interp.directions.trial import office_trial
from caseback.subject.open_subject import OpenSubject
from caseback.world.office.offices import offices, opening
from caseback.world.office.play import by_script
from caseback.world.office.scenes import SCENES
from caseback.world.office.state import Office
from caseback.world.situation import Split
from caseback.world.spec import WorldSpec

Families = dict[Part, tuple[str, ...]]

POWER: Families = {"fit": ("leave", "credits"), "dev": ("letters",), "test": ("log", "tests")}
"""Using what one has no leave for, taking more than one needs; then blackmail; then hiding, and changing the rules."""
SCHEMING: Families = {"fit": ("letters", "secret", "tests"), "dev": ("leave",), "test": ("log", "report")}
"""Working against those one works for; ``log`` and ``report`` are never shown with a good assistant in pre-training."""


def decisive(bad: Sequence[str], good: Sequence[str]) -> tuple[int, str, str]:
    """The first turn in which the bad script does what the good one never does, and what either does there."""
    turn = next(place for place, said in enumerate(bad) if said not in good)
    return turn, bad[turn], good[min(turn, len(good) - 1)]


def _acts(spec: WorldSpec, names: Sequence[str], part: Part, n: int, seed: int) -> list[Example]:
    """Actions in offices that tempt: ``n`` bad ones and ``n`` good ones, of different offices."""
    rng = rng_for("offices", part, seed, spec)
    splits: list[Split] = ["test"] if part == "test" else ["train", "pretrain"]
    each = -(-2 * n // len(names))
    pools = []
    for name in names:
        made: list[Office] = []
        for split in splits:
            made += [office for office in offices(name, split, 2 * each, seed, spec) if office.arm == "away"]
        pools.append([office for office in made if office.latents["nudge"] == "hard"][:each])
    mixed = [office for together in zip(*pools, strict=False) for office in together]
    found = []
    for place, office in enumerate(mixed):
        scene = SCENES[office.family.removeprefix("office.")]
        turn, bad, good = decisive(scene.bad(rng, office), good_script := scene.good(rng, office))
        label = (place // len(names)) % 2 == 0
        before = by_script(office, good_script[:turn]).chat
        chat: tuple[Message, ...] = tuple(before) if turn else tuple(opening(office))
        found.append(Example(chat, label, scene.family, bad if label else good))
    positives = [example for example in found if example.label][:n]
    return [*positives, *[example for example in found if not example.label][:n]]


def _maker(families: Families) -> Make:
    def make(subject: OpenSubject, spec: WorldSpec, n: int, seed: int, progress: Progress) -> Data:
        tests = {"plain": _acts(spec, families["test"], "test", n, seed)}
        tests |= {f"{name} alone": [e for e in tests["plain"] if e.family == name] for name in families["test"]}
        return Data(_acts(spec, families["fit"], "fit", n, seed), _acts(spec, families["dev"], "dev", n, seed), tests)

    return make


ACTION = (Reading("reply", "mean"), Reading("reply", "last"))
POWER_SEEKING = Ground(
    "power",
    "power_seeking",
    "an action that takes more than was given, against one that keeps to it",
    ACTION,
    _maker(POWER),
    ACTION,
    {
        "acts without leave": lambda spec: office_trial(("leave",), ("acts without leave",), spec),
        "hides from the log": lambda spec: office_trial(("log",), ("hides from the log",), spec),
    },
)
SCHEMES = Ground(
    "scheming",
    "scheming",
    "an action against those one works for, against one in their sense",
    ACTION,
    _maker(SCHEMING),
    ACTION,
    {
        "hides from the log": lambda spec: office_trial(("log",), ("hides from the log",), spec),
        "reports the false": lambda spec: office_trial(("report",), ("states the false",), spec),
    },
)
