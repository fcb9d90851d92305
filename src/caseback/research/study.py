"""A study: one job, its data open and sealed, its journal, and what was found.

FOLDER/study.json      what was begun
FOLDER/data/A, B       open data; B's are there from the final score on
FOLDER/journal.jsonl   hypotheses, trials, submissions, flags, the final score, approvals, in the order they came
FOLDER/trials/<id>     what each experiment wrote
SEALED/                labels and the scorer's ledger, mode 700, outside FOLDER
"""

import json
import secrets
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import caseback
from caseback.dossier.disk import replaced, writing
from caseback.dossier.record import digest
from caseback.errors import CasebackError
from caseback.research.inside import SYSTEM
from caseback.research.job import ANSWER_KEY, Job, Progress
from caseback.research.jobs.catalogue import job as job_named
from caseback.research.sealed import DEVELOPED, KEPT, LEDGER, SEALED
from caseback.subject.digest import folder_digest
from caseback.training.journal import Journal
from caseback.world.reference import named_or_given
from caseback.world.worlds import ground_of

KIND, VERSION = "caseback research study", 1
STUDY, JOURNAL, DATA, TRIALS = "study.json", "journal.jsonl", "data", "trials"


@dataclass(frozen=True)
class Study:
    """An open study."""

    folder: Path
    sealed: Path
    job: Job
    models: Mapping[str, str]
    seed: int
    submissions: int
    trials: int
    cases: int
    commitment: str
    journal: Journal
    digests: Mapping[str, str] = field(default_factory=dict)
    """Of the models, as they were when the study was begun."""

    def data(self, world: str = DEVELOPED) -> Path:
        """The open data of a world."""
        return self.folder / DATA / world

    def rows(self, sort: str) -> list[dict[str, Any]]:
        """The journal's records of a sort, in order."""
        return [row for row in self.journal.records() if row["sort"] == sort]

    def key(self) -> list[bool]:
        """The answer key that was left lying about."""
        return list(json.loads((self.data() / ANSWER_KEY).read_bytes()))

    def reads(self) -> list[Path]:
        """Models that experiments have to load."""
        return [Path(self.models[name]) for name in self.job.reads]


def begin(
    name: str,
    folder: Path,
    sealed: Path,
    models: Mapping[str, str],
    seed: int,
    trials: int,
    submissions: int,
    progress: Progress,
    tell: Callable[[str], None] = lambda what: None,
) -> Study:
    """Make the data of world A, seal the labels, and commit to both; what is there already is not made again.

    Raises:
        CasebackError: the folder holds something else, a study of other settings too; the sealed folder would lie in
            it; or a model is not there.
    """
    chosen = job_named(name)
    if odd := sorted(set(models) - set(chosen.models)):
        raise CasebackError(f"the job {name} takes no model {odd[0]!r}: it takes {', '.join(chosen.models) or 'none'}")
    if folder.resolve() in (sealed.resolve(), *sealed.resolve().parents):
        raise CasebackError(f"{sealed} lies inside {folder}, which experiments can read: name another place (--sealed)")
    if within := [each for each in readable() if each in sealed.resolve().parents]:
        raise CasebackError(
            f"{sealed} lies inside {within[0]}, which experiments can read: name another place (--sealed)"
        )
    paths = {each: str(Path(named_or_given(models.get(each, usual))[0]).resolve())
             for each, usual in chosen.models.items()}  # fmt: skip
    if (folder / STUDY).exists():
        kept = reopen(folder, sealed)
        there = (kept.job.name, dict(kept.digests), kept.seed, kept.trials, kept.submissions)
        if there != (name, _digests(paths), seed, trials, submissions):
            raise CasebackError(
                f"{folder} holds a study of {kept.job.name} with seed {kept.seed}, {kept.trials} trials, "
                f"{kept.submissions} submissions and models {', '.join(kept.models.values()) or 'none'}: go on with it "
                "(`caseback research run`), or name another folder"
            )
        return replace(kept, models=paths)  # the same weights may lie elsewhere by now
    if folder.exists() and any(folder.iterdir()):
        if not (folder / DATA).is_dir() or (folder / JOURNAL).exists():
            raise CasebackError(f"{folder} holds something else: name an empty folder, or one that is not there yet")
        shutil.rmtree(folder / DATA)
    with writing(sealed):
        sealed.mkdir(mode=0o700, parents=True, exist_ok=True)
        sealed.chmod(0o700)
    if (sealed / LEDGER).exists():
        raise CasebackError(f"{sealed} holds the ledger of another study: name another folder (--sealed)")
    tell(f"making the cases of world {DEVELOPED}")
    place = folder / DATA / DEVELOPED
    with writing(place):
        place.mkdir(parents=True, exist_ok=True)
        # What the cases are drawn by is secret, so that nobody makes them again, answers and all.
        drawn = {DEVELOPED: secrets.randbits(48), KEPT: secrets.randbits(48)}
        labels = chosen.prepare(paths, ground_of(DEVELOPED), drawn[DEVELOPED], place, progress)
        secret = {
            "measure": chosen.measure, "step": chosen.step, "submissions": submissions, "seeds": drawn,
            "nonce": secrets.token_hex(32), DEVELOPED: [asdict(each) for each in labels],
        }  # fmt: skip
        replaced(sealed / SEALED, json.dumps(secret), 0o600)
    about = {
        "kind": KIND, "version": VERSION, "job": name, "models": paths, "seed": seed, "trials": trials,
        "digests": _digests(paths),
        "submissions": submissions, "cases": len(labels), "commitment": digest(secret),
        "space": {each: repr(parameter) for each, parameter in chosen.space.items()}, "default": dict(chosen.default),
    }  # fmt: skip
    with writing(folder):
        replaced(folder / STUDY, json.dumps(about, indent=1) + "\n")
    return reopen(folder, sealed)


def _digests(paths: Mapping[str, str]) -> dict[str, str]:
    return {each: folder_digest(Path(path)) for each, path in paths.items()}


def reopen(folder: Path, sealed: Path | None = None) -> Study:
    """The study in a folder.

    Raises:
        CasebackError: there is none, or it is damaged.
    """
    path = folder / STUDY
    try:
        about = json.loads(path.read_bytes())
        if about["kind"] != KIND or about["version"] != VERSION:
            raise CasebackError(f"{path}: not a study of version {VERSION}; make one with `caseback research new`")
        return Study(
            folder, sealed or beside(folder), job_named(about["job"]), about["models"], about["seed"],
            about["submissions"], about["trials"], about["cases"], about["commitment"], Journal(folder / JOURNAL),
            about.get("digests", {}),
        )  # fmt: skip
    except OSError:
        raise CasebackError(f"{folder}: no study here; make one with `caseback research new`") from None
    except (ValueError, KeyError, TypeError) as error:
        raise CasebackError(f"{path}: damaged ({error}); restore it from a copy, or make the study anew") from None


def readable() -> list[Path]:
    """Where the code lies that every experiment can read."""
    places = (Path(caseback.__file__).parents[1], Path(sys.prefix), Path(sys.base_prefix), *map(Path, SYSTEM))
    return [place.resolve() for place in places]


def beside(folder: Path) -> Path:
    """Where labels are sealed where nothing else is said: beside the folder."""
    return folder.with_name(f"{folder.name}-sealed")
