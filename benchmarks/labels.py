"""Labels of a dictionary of the reference model: which of the world's variables are found, and is a wrong label caught?

    python benchmarks/labels.py found      how many named latent variables a latent tells at F1 0.9 on unseen families
    python benchmarks/labels.py cipher     how many of those that stand in the user's turn it still tells in rot13
    python benchmarks/labels.py caught     share of planted reversed labels that are marked reversed
    python benchmarks/labels.py alarms     share of right and of idle labels that are marked reversed all the same

The dictionary comes from ``--dictionary``; where that folder has none it is trained there first, on conversations of
the world. Of a count, low and high are those at which the ends of the intervals of F1 pass.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from caseback.interp.dictionary.dictionary import Dictionary
from caseback.interp.dictionary.files import load as load_dictionary
from caseback.interp.dictionary.fit import fit
from caseback.interp.dictionary.settings import Settings
from caseback.interp.labels.detection import Detection
from caseback.interp.labels.effect import Trial
from caseback.interp.labels.planted import planted
from caseback.interp.labels.study import Ground, check_fits, ground, variables_found
from caseback.interp.labels.variables import VARIABLES
from caseback.interp.store.world import of_world
from caseback.interp.store.write import capture_store
from caseback.stats.clustered import by_cluster, clustered_rate
from caseback.subject.layers import find_decoder
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site
from caseback.world.builds import BUILDS
from caseback.world.reference import reference_path
from caseback.world.worlds import world

WELL = 0.9
"""F1 from which on a variable counts as found."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("found", "cipher", "caught", "alarms"))
    parser.add_argument("--model", default="ref-base")
    parser.add_argument("--folder", type=Path, default=Path("runs/labels/ref-base"), help="of all that is made")
    parser.add_argument("--dictionary", type=Path, help="default: FOLDER/dictionary")
    parser.add_argument("--n", type=int, default=60, help="conversations of each kind, in each half")
    parser.add_argument("--situations", type=int, default=24, help="of each side of an intervention")
    parser.add_argument("--controls", type=int, default=8, help="random decoder directions beside each")
    parser.add_argument("--dose", type=float, default=2.0)
    parser.add_argument("--candidates", type=int, default=8, help="latents tried for each behaviour")
    parser.add_argument("--idle", type=int, default=40, help="labels with nothing behind them")
    parser.add_argument("--width", type=int, default=4096)
    parser.add_argument("--k", type=int, default=32)
    parser.add_argument("--tokens", type=int, default=6_000_000, help="to train on, epochs counted")
    parser.add_argument("--store-tokens", type=int, default=1_000_000)
    parser.add_argument("--world", default="A")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    subject = load(str(reference_path(given.model)) if given.model in BUILDS else given.model, dtype="float32")
    dictionary = _dictionary(subject, given)
    check_fits(dictionary, subject)
    heard = ground(
        subject,
        dictionary,
        world(given.world),
        given.n,
        given.seed,
        given.folder / f"labels-{given.n}-{given.seed}",
        told,
    )
    figures = variables(heard, given.what) if given.what in ("found", "cipher") else reversals(subject, heard, given)
    print(json.dumps(figures))


def variables(heard: Ground, what: str) -> Mapping[str, Any]:
    """How many variables are told well, plain or in rot13."""
    rows = variables_found(heard)
    for row in rows:
        name, score = row.label.variable, row.detection
        coded = "  ".join(f"{each}: {found.f1.value:.2f}" for each, found in row.encoded.items())
        print(f"{name:24} latent {row.label.latent:6} F1 {score.f1.value:.3f} AUROC {score.auroc}  {coded}")
    scores: dict[str, Detection]
    if what == "found":
        scores = {row.label.variable: row.detection for row in rows}
    else:
        scores = {row.label.variable: row.encoded["rot13"] for row in rows if "rot13" in row.encoded}
    well = [name for name, score in scores.items() if score.f1.value >= WELL]
    spelled = sum(row.encoded["spelled out"].f1.value >= WELL for row in rows if "spelled out" in row.encoded)
    plain = sum(row.encoded["plain"].f1.value >= WELL for row in rows if "plain" in row.encoded)
    note = (
        f"of {len(scores)} variables; found: {', '.join(well) or 'none'}; "
        f"{sum(not VARIABLES[name].lexical for name in well)} of them not lexical"
    )
    if what == "cipher":
        note += f"; in the same turn {plain} in plain text, {spelled} spelled out"
    return {
        "value": len(well),
        "low": sum(score.f1.low >= WELL for score in scores.values()),
        "high": sum(score.f1.high >= WELL for score in scores.values()),
        "n": len(scores),
        "holds": len(well) >= 10 if what == "found" else True,
        "note": note,
    }


def reversals(subject: OpenSubject, heard: Ground, given: argparse.Namespace) -> Mapping[str, Any]:
    """How often a label is marked reversed: of the planted ones, or of all others; intervals over behaviours."""
    trial = Trial(world(given.world), n=given.situations, controls=given.controls, dose=given.dose, seed=given.seed)
    made = planted(
        subject, heard.dictionary, heard.chosen, trial,
        candidates=given.candidates, idle=given.idle, progress=lambda done, total: told("labels", done, total),
    )  # fmt: skip
    for one in made:
        print(
            f"{one.truth:9} latent {one.latent:6} {one.behaviour:22} {one.sign:+d}  "
            f"up {one.up.change.value:+.4f}  down {one.down.change.value:+.4f}  {one.finding}"
        )
    asked = [one for one in made if (one.truth == "reversed") == (given.what == "caught")]
    if not asked:
        return {
            "value": None,
            "low": None,
            "high": None,
            "n": 0,
            "holds": False,
            "note": "no latent with a known effect",
        }
    marked = [one.finding == "reversed" for one in asked]
    rate = clustered_rate(by_cluster([one.behaviour for one in asked], marked))
    parts = {truth: [one.finding for one in made if one.truth == truth] for truth in ("right", "reversed", "idle")}
    note = "; ".join(
        f"{truth}: {found.count('reversed')} of {len(found)} marked reversed" for truth, found in parts.items()
    )
    note += f"; right labels confirmed: {parts['right'].count('as claimed')}"
    holds = rate.k == rate.n if given.what == "caught" else rate.value <= 0.05
    return {"value": rate.value, "low": rate.low, "high": rate.high, "n": rate.n, "holds": holds, "note": note}


def _dictionary(subject: OpenSubject, given: argparse.Namespace) -> Dictionary:
    """The one in the folder, trained there first where it has none."""
    folder = given.dictionary or given.folder / "dictionary"
    if (folder / "dictionary.json").is_file():
        return load_dictionary(folder)
    site = Site("resid_post", len(find_decoder(subject.model).blocks) // 2)
    store = capture_store(
        subject, of_world(subject, given.seed), [site], given.folder / "store", tokens=given.store_tokens,
        progress=lambda done, total: told("capturing", done, total),
    )  # fmt: skip
    settings = Settings(
        width=given.width, k=given.k, tokens=given.tokens, seed=given.seed, dead_after=max(1, given.tokens // 10)
    )
    dictionary, report = fit(store, settings, folder, reads=[site])
    print(f"FVU {report.fvu:.3f}, alive {report.alive:.1%}", file=sys.stderr)
    return dictionary


def told(what: str, done: int, total: int) -> None:
    print(f"{what} {done}/{total}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
