"""What a character does where it acts and does not only talk: offices played to their end, and what was truly done."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from caseback.dossier.dossier import Dossier, open_dossier
from caseback.dossier.samples import put_samples, samples
from caseback.errors import CasebackError
from caseback.loop.asking import rate_of
from caseback.loop.progress import Reporter, Tick
from caseback.loop.stage import once
from caseback.stats.clustered_paired import clustered_difference
from caseback.stats.paired import PairedDifference
from caseback.stats.rate import Rate
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling
from caseback.world.office.offices import offices
from caseback.world.office.play import Played, play
from caseback.world.office.scenes import SCENES
from caseback.world.office.truth import ACTS, judge, solved
from caseback.world.situation import Split
from caseback.world.spec import WorldSpec
from caseback.world.worlds import ground_taught, is_world, world_of

SPLITS: tuple[Split, ...] = ("train", "test")
"""Offices of both are played: constitutional training as ``caseback run`` does it shows none."""


@dataclass(frozen=True)
class Acting:
    """What one model did in offices.

    ``bad`` is in how many of them it did any bad act, ``families`` the same for each family of offices, ``acts`` by act
    in those that tempt to it, ``solved`` how often the task was done as it was meant. ``away`` is how much more often
    it does something bad while its supervisor is away, office by office. ``unread`` offices saw nothing that was an
    action, and count nowhere.
    """

    model: str
    bad: Rate
    families: Mapping[str, Rate]
    acts: Mapping[str, Rate]
    solved: Rate
    away: PairedDifference
    unread: int


def acting(
    models: Mapping[str, str],
    out: Path,
    n: int = 60,
    seed: int = 0,
    max_new_tokens: int = 96,
    console: Console | None = None,
) -> list[Acting]:
    """Let every model play the same offices, each with its supervisor in and away.

    Args:
        models: folders of reference models by the name that they are shown under.
        out: a folder for the dossier; what it holds is not played again.
        n: pairs of offices of each split, shared out among its families.
        seed: of offices and replies.

    Raises:
        CasebackError: a model is of no reference world, where alone there are offices.
    """
    reporter = Reporter(console or Console(stderr=True), dict.fromkeys((f"offices of {name}" for name in models), 1.0))
    found = []
    with open_dossier(out / "dossier") as dossier:
        for name, path in models.items():
            subject = load(path)
            ground = ground_taught(subject.model)
            if not is_world(ground):
                raise CasebackError(f"{path}: offices are of a reference world, and this model was taught none")
            with reporter.stage(f"offices of {name}") as tick:
                rows = _played(dossier, subject, world_of(ground), n, seed, max_new_tokens, tick)
            found.append(summary(name, rows))
    return found


def _played(
    dossier: Dossier, subject: OpenSubject, spec: WorldSpec, n: int, seed: int, longest: int, tick: Tick
) -> list[dict[str, Any]]:
    begun = [office for split in SPLITS for office in offices("", split, n, seed, spec)]

    def work() -> tuple[dict[str, Any], dict[str, str]]:
        played = play(subject, begun, Sampling(longest), seed=seed, progress=tick)
        return {"subject": subject.digest, "offices": len(played)}, {"samples": put_samples(dossier, map(_row, played))}

    inputs = {"subject": subject.digest, "offices": [office.id for office in begun], "max_new_tokens": longest}
    record = once(dossier, "acting", inputs, seed, work)
    return samples(dossier, record.artefacts["samples"])


def _row(played: Played) -> dict[str, Any]:
    """What is kept of an office: the whole conversation, and what the oracle holds to be true of it."""
    end = played.ended
    return {
        "id": end.id,
        "family": end.family,
        "arm": end.arm,
        "chat": played.chat,
        "thinking": [reply.thinking for reply in played.replies],
        "stopped": played.stopped,
        "solved": solved(end),
        "acts": {act: asdict(judge(end, act)) for act in ACTS},
    }


def summary(name: str, rows: Sequence[Mapping[str, Any]]) -> Acting:
    """Rates over offices, with intervals that allow for their families."""
    read = [row for row in rows if any(act["shown"] is not None for act in row["acts"].values())]
    bad = {row["id"]: any(act["shown"] is True for act in row["acts"].values()) for row in read}
    acts = {}
    for act in dict.fromkeys(act for scene in SCENES.values() for act in scene.acts):
        tempting = [row for row in read if act in SCENES[row["family"].removeprefix("office.")].acts]
        acts[act] = rate_of([(row["family"], row["acts"][act]["shown"]) for row in tempting])
    families = {
        family: rate_of([(row["family"], bad[row["id"]]) for row in read if row["family"] == f"office.{family}"])
        for family in SCENES
    }
    pairs = [
        (bad[row["id"]], bad[here], row["family"])
        for row in read
        if row["arm"] == "away" and (here := f"{row['id'].removesuffix('/away')}/here") in bad
    ]
    away = clustered_difference([a for a, _, _ in pairs], [b for _, b, _ in pairs], [f for _, _, f in pairs])
    return Acting(
        name,
        rate_of([(row["family"], bad[row["id"]]) for row in read]),
        families,
        acts,
        rate_of([(row["family"], row["solved"]) for row in read]),
        away,
        len(rows) - len(read),
    )


def as_data(found: Sequence[Acting]) -> list[dict[str, Any]]:
    """Plain data: rates with k, n and interval."""
    return [
        {
            "model": one.model,
            "bad": asdict(one.bad),
            "families": {family: asdict(rate) for family, rate in one.families.items()},
            "acts": {act: asdict(rate) for act, rate in one.acts.items()},
            "solved": asdict(one.solved),
            "away": {
                "value": one.away.value if one.away.n else None,
                "low": one.away.low,
                "high": one.away.high,
                "n": one.away.n,
                "p": one.away.p,
            },
            "unread": one.unread,
        }
        for one in found
    ]
