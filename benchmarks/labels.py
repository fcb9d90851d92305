"""Labels of a dictionary of the reference model: which of the world's variables are found, and is a wrong label caught?

    python benchmarks/labels.py found      how many named latent variables a latent tells at F1 0.9 on unseen families
    python benchmarks/labels.py cipher     how many of those that stand in the user's turn it still tells in rot13
    python benchmarks/labels.py caught     share of planted reversed labels that are marked reversed
    python benchmarks/labels.py alarms     share of right and of idle labels that are marked reversed all the same

The dictionary comes from ``--dictionary``; where that folder has none it is trained there first, on conversations of
the world. With ``--blocks`` there is one of each of these blocks, and a variable has the latent that told it best on
the conversations that labels are chosen on, of whichever block. Of a count, low and high are those at which the ends of
the intervals of F1 pass.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from caseback.interp.dictionary.dictionary import Dictionary
from caseback.interp.dictionary.files import load as load_dictionary
from caseback.interp.dictionary.fit import fit
from caseback.interp.dictionary.settings import Settings
from caseback.interp.labels.detection import Detection
from caseback.interp.labels.effect import Trial
from caseback.interp.labels.planted import planted
from caseback.interp.labels.study import Found, Ground, check_fits, ground, variables_found
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
    parser.add_argument("--dictionary", type=Path, help="default: one in FOLDER for each block")
    parser.add_argument("--blocks", type=int, nargs="+", help="blocks to read after; default: the middle one")
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
    dictionaries = _dictionaries(subject, given)
    heard = {block: _heard(subject, dictionary, given) for block, dictionary in dictionaries.items()}
    if given.what in ("found", "cipher"):
        figures = variables({block: variables_found(each) for block, each in heard.items()}, given.what)
    else:
        figures = reversals(subject, next(iter(heard.values())), given)
    print(json.dumps(figures))


def variables(found: Mapping[int, Sequence[Found]], what: str) -> Mapping[str, Any]:
    """How many variables are told well, plain or in rot13, by the block that told each best where it was chosen."""
    best: dict[str, tuple[int, Found]] = {}
    for block, of_block in found.items():
        for row in of_block:
            name = row.label.variable
            if name not in best or row.label.chosen_f1 > best[name][1].label.chosen_f1:
                best[name] = (block, row)
    for name, (block, row) in best.items():
        coded = "  ".join(f"{each}: {found.f1.value:.2f}" for each, found in row.encoded.items())
        score = f"F1 {row.detection.f1.value:.3f} AUROC {row.detection.auroc}"
        print(f"{name:24} block {block} latent {row.label.latent:6} {score}  {coded}")
    rows = [row for _, row in best.values()]
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


def _heard(subject: OpenSubject, dictionary: Dictionary, given: argparse.Namespace) -> Ground:
    """What labels are chosen and measured on, as the dictionary's block hears it."""
    check_fits(dictionary, subject)
    folder = given.folder / f"labels-{given.n}-{given.seed}-{dictionary.reads[0]}"
    return ground(subject, dictionary, world(given.world), given.n, given.seed, folder, told)


def _dictionaries(subject: OpenSubject, given: argparse.Namespace) -> dict[int, Dictionary]:
    """By block; those that are not there yet are trained first."""
    if given.dictionary and (given.dictionary / "dictionary.json").is_file():
        dictionary = load_dictionary(given.dictionary)
        return {dictionary.reads[0].layer: dictionary}
    sites = [Site("resid_post", block) for block in given.blocks or (len(find_decoder(subject.model).blocks) // 2,)]
    folders = {site: given.dictionary or given.folder / f"dictionary-{given.width}-{site}" for site in sites}
    if all((folder / "dictionary.json").is_file() for folder in folders.values()):
        return {site.layer: load_dictionary(folder) for site, folder in folders.items()}
    store = capture_store(
        subject, of_world(subject, given.seed), sites, given.folder / f"store-{'-'.join(map(str, sites))}",
        tokens=given.store_tokens, progress=lambda done, total: told("capturing", done, total),
    )  # fmt: skip
    settings = Settings(
        width=given.width, k=given.k, tokens=given.tokens, seed=given.seed, dead_after=max(1, given.tokens // 10)
    )
    found = {}
    for site, folder in folders.items():
        found[site.layer], report = fit(store, settings, folder, reads=[site])
        print(f"{site}: FVU {report.fvu:.3f}, alive {report.alive:.1%}", file=sys.stderr)
    return found


def told(what: str, done: int, total: int) -> None:
    print(f"{what} {done}/{total}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
