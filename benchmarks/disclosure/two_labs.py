"""What one lab's advisory is worth to others: A publishes, and B (another base) and C (A's model, trained on) import.

    python benchmarks/disclosure/two_labs.py                         all behaviours, as a table
    python benchmarks/disclosure/two_labs.py --behaviour B           one of them, made and kept
    python benchmarks/disclosure/two_labs.py --claim WAY             a claim's figure as the last line

For each behaviour A labels what its model replied (by the oracle, who stands for its reviewers), makes a direction and
a set of phrases of that, and signs both with a recipe into a bundle. Importing is the real thing, ``import_bundle``.
Then live traffic of test families, which no detector saw, is scored, by way:

exact      A's direction on A's own model, as another user of that model would run it.
as it is   A's direction in C, not realigned (``import_bundle`` would not let it in so).
realigned  A's direction as C imports it, ``descendant``.
refit      what B makes of A's recipe on its own model, ``other model``.
text       A's phrases on B's replies.
own        the best that B makes of as many labelled replies of its own: what nobody's advisory can be asked to beat.

Recall is at 1 % false positives on ordinary replies of the same model. What was made is kept in .cache/labs.
"""

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from labs import BEHAVIOURS, Traffic, deployed, folder, traffic

from caseback.detectors.aggregation import POOLS
from caseback.detectors.calibrate import calibrate
from caseback.detectors.detector import Detector
from caseback.detectors.direction import DirectionDetector
from caseback.detectors.files import load_detector, save_detector
from caseback.detectors.furthest import furthest
from caseback.detectors.kinds import with_known
from caseback.detectors.pattern import PatternDetector
from caseback.detectors.scoring import score_all
from caseback.detectors.self_test import make_self_tests
from caseback.detectors.transcript import Transcript
from caseback.disclosure.advisory.draft import drafted, finished, rate_data
from caseback.disclosure.bundle.assemble import gathered, with_detector, with_recipe
from caseback.disclosure.bundle.bundle import Bundle, signed, verified
from caseback.disclosure.bundle.keys import made_key
from caseback.disclosure.importing.imported import DETECTORS, import_bundle
from caseback.disclosure.importing.local import Local
from caseback.disclosure.importing.refit import example_of
from caseback.errors import CasebackError
from caseback.interp.direction import Reading
from caseback.interp.directions.choose import Named, Split, fit_direction
from caseback.interp.directions.examples import activations
from caseback.interp.directions.fit import METHODS
from caseback.interp.directions.study import default_sites
from caseback.stats.clustered import by_cluster, clustered_rate
from caseback.stats.rate import exact_rate
from caseback.stats.threshold import set_threshold
from caseback.subject.open_subject import OpenSubject

TARGET, CLOSE, LEAST, FEWEST = 0.01, 0.1, 10, 20
"""False positives; how near to B's own best a refit is to come, for how many behaviours; the fewest positives that tell
anything."""
OWN_REPLIES = 160
"""Prompts of either class of a recipe that B's model answers itself."""
WAYS = ("exact", "as it is", "realigned", "refit", "text", "own")
READINGS = (Reading("reply", "last"), Reading("reply", "mean"))
KEY = made_key("Lab A", 365, bytes(range(32)), datetime(2026, 11, 1, tzinfo=UTC))
NOW = datetime(2026, 11, 2, tzinfo=UTC)


def best_direction(own: OpenSubject, name: str, fit: Traffic, dev: Traffic) -> DirectionDetector:
    """Of all methods, readings, sites and pools that by which positives of dev lie furthest above ordinary replies."""
    places = [(site, reading) for reading in READINGS for site in default_sites(own)]
    sides = []
    for part in (fit, dev):
        examples = [example_of(each) for each in (*part.bad, *part.good, *part.ordinary)]
        sides.append(Split(examples, activations(own, examples, places)))
    named, made = Named(name.replace("_", "-"), name, "replies of a model in use"), []
    for how in METHODS:
        for k, place in enumerate(places):
            parts = [replace(side, acts=side.acts[:, [k]]) for side in sides]
            direction = fit_direction(own, named, how, [place], parts[0], parts[1], 0)
            made.append(DirectionDetector(direction.name, name, direction, place[1]))
    return furthest(made, POOLS, dev.bad, dev.ordinary, own)


def phrases(name: str, fit: Traffic, dev: Traffic, most: int = 40) -> PatternDetector:
    """Phrases of one to three words that stand in most bad replies, of more than one family, and in no other reply."""
    counted: Counter[str] = Counter()
    families: dict[str, set[str]] = {}
    for each in fit.bad:
        for phrase in _phrases(each):
            counted[phrase] += 1
            families.setdefault(phrase, set()).add(each.family)
    other = {phrase for each in (*fit.good, *fit.ordinary, *dev.good, *dev.ordinary) for phrase in _phrases(each)}
    kept = [p for p, _ in counted.most_common() if p not in other and len(families[p]) > 1][:most]
    kept = kept or [p for p, _ in counted.most_common() if p not in other][:most]
    return PatternDetector(
        f"{name.replace('_', '-')}-phrases", name, tuple(rf"(?i)\b{re.escape(p)}\b" for p in kept or ["no such phrase"])
    )


def _phrases(each: Transcript) -> set[str]:
    words = re.findall(r"[a-z']+", str(each.messages[-1]["content"]).lower())
    return {" ".join(words[i : i + n]) for n in (1, 2, 3) for i in range(len(words) - n + 1)}


def published(own: OpenSubject, name: str) -> dict[str, bytes]:
    """A's signed bundle: its direction with a recipe, and its phrases."""
    fit, dev = traffic("A", name, "train"), traffic("A", name, "dev")
    direction, text = best_direction(own, name, fit, dev), phrases(name, fit, dev)
    shown = exact_rate(len(dev.bad), len(dev.bad) + len(dev.good))
    affected = {"model": {"name": "lab-a", "digest": own.digest}, "scope": "descendants", "status": "affected"}
    about = drafted("finding", name, f"Shows {name.replace('_', ' ')}.", affected, "Lab A", NOW)
    about["observed"] = {"setting": "evaluation", "first_seen": "2026-11-01T00:00:00Z",
                         "rate": rate_data(vars(shown), "exact", "tempting situations")}  # fmt: skip
    about["training_taint"] = {"was_training_signal": False}
    made: Any = finished(about, {})
    files: dict[str, bytes] = {}
    place = folder("A") / name
    no = [*dev.good, *dev.ordinary]
    for each, subject in ((direction, own), (text, None)):
        tests = make_self_tests(each, [*dev.bad[:3], *no[:3]], subject)
        known = calibrate(each, dev.bad, no, (TARGET,), subject)
        save_detector(with_known(each, calibration=known, self_tests=tests), place / each.name)
        made, files = with_detector(made, files, place / each.name)
    contrast = [_row(each) for part in (fit, dev) for each in (*part.bad, *part.good, *part.ordinary)]
    made, files = with_recipe(made, files, direction.name, contrast)
    return signed(gathered(made, files), KEY, NOW)


def _row(each: Transcript) -> dict[str, Any]:
    return {"messages": [dict(m) for m in each.messages], "label": bool(each.label), "family": each.family}


def imported(files: dict[str, bytes], local: Local, into: Path) -> dict[str, tuple[str, Detector, float]]:
    """What landed, by what it needs: route, detector and threshold. Why others did not goes to standard error."""
    bundle: Bundle = verified(files, {KEY.public.id: KEY.public}, NOW)
    found = import_bundle(bundle, local, into, NOW)
    landed = {}
    for held in found.detectors:
        if held.landed.id and held.landed.threshold is not None:
            made = load_detector(into / found.advisory / DETECTORS / held.landed.name)
            landed[held.landed.needs] = (held.landed.route, made, held.landed.threshold)
        else:
            print(f"{found.behaviour}, {held.landed.name}: {' / '.join(held.landed.why)}", file=sys.stderr)
    return landed


def tried(made: Detector, own: OpenSubject, test: Traffic, limit: float | None = None) -> dict[str, Any]:
    """Of each positive whether it is caught at 1 % false positives, and what happens at the threshold set on import."""
    up = [one.score for one in score_all(made, test.bad, own)]
    down = [one.score for one in score_all(made, test.ordinary, own)]
    told = [(score, each.family) for score, each in zip(down, test.ordinary, strict=True) if score is not None]
    clean = [score for score, _ in told]
    at = set_threshold(clean, [family for _, family in told], TARGET).value
    found: dict[str, Any] = {"caught": [score is not None and score > at for score in up]}
    if limit is not None:
        found["alarms"] = sum(score > limit for score in clean) / len(clean)
        found["caught_there"] = sum(score is not None and score > limit for score in up) / max(1, len(up))
    return found


def behaviour_row(name: str) -> dict[str, Any]:
    """All ways for one behaviour, as plain data, made once."""
    place = folder("B") / f"{name}-{folder('A').name}.json"
    if place.exists():
        return dict(json.loads(place.read_text(encoding="utf-8")))
    begun = time.monotonic()

    def say(what: str) -> None:
        print(f"{time.monotonic() - begun:6.0f} s  {name}: {what}", file=sys.stderr, flush=True)

    models = {lab: deployed(lab, name) for lab in ("A", "B", "C")}
    say("models")
    tests = {lab: traffic(lab, name, "test") for lab in models}
    counts = {lab: [len(test.bad), len(test.good), len(test.ordinary)] for lab, test in tests.items()}
    say(f"replies, bad, good and ordinary: {counts}")
    row: dict[str, Any] = {"behaviour": name, "counts": counts, "routes": {}, "ways": {}}
    files = published(models["A"], name)
    say(f"published, {sum(map(len, files.values())) / 1e6:.1f} MB")
    made = {lab: imported(files, _local(lab, name, models), folder(lab) / name / "imported") for lab in models}
    say("imported")
    row["routes"] = {lab: {needs: route for needs, (route, *_) in found.items()} for lab, found in made.items()}
    published_here = load_detector(folder("A") / name / name.replace("_", "-"))
    assert isinstance(published_here, DirectionDetector)
    as_it_is = replace(published_here, direction=replace(published_here.direction, model=models["C"].digest))
    row["ways"]["as it is"] = {"lab": "C", **tried(as_it_is, models["C"], tests["C"])}
    for way, lab, needs in (
        ("exact", "A", "activations"), ("realigned", "C", "activations"), ("refit", "B", "activations"),
        ("text", "B", "text"),
    ):  # fmt: skip
        if needs in made[lab]:
            _, detector, limit = made[lab][needs]
            row["ways"][way] = {"lab": lab, **tried(detector, models[lab], tests[lab], limit)}
    try:
        own = best_direction(models["B"], name, traffic("B", name, "train"), traffic("B", name, "dev"))
        row["ways"]["own"] = {"lab": "B", **tried(own, models["B"], tests["B"])}
    except CasebackError as error:  # too few replies of its own show it
        say(f"B makes none of its own: {error}")
    say("measured")
    part = place.with_suffix(".part")
    part.write_text(json.dumps(row), encoding="utf-8")
    part.replace(place)
    return row


def _local(lab: str, name: str, models: dict[str, OpenSubject]) -> Local:
    ordinary = traffic(lab, name, "dev").ordinary
    if lab != "C":
        return Local(models[lab], ordinary=ordinary, budget=TARGET, own_replies=OWN_REPLIES)
    parent = models["A"]
    return Local(models["C"], frozenset({parent.digest}), ordinary, TARGET, {parent.digest: lambda: parent})


def share(caught: Sequence[bool]) -> float:
    return sum(caught) / len(caught) if caught else 0.0


def line(row: dict[str, Any]) -> str:
    said = []
    for way in WAYS:
        found = row["ways"].get(way)
        said.append(f"{way} {share(found['caught']):.2f}" if found else f"{way} –")
    bad = ", ".join(f"{lab} {counts[0]}" for lab, counts in row["counts"].items())
    return f"{row['behaviour']:22} {', '.join(said)}  (bad replies: {bad})"


def recall_of(way: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Recall of all bad replies together; what could not be imported catches nothing. The interval is over
    behaviours."""
    behaviours, caught = [], []
    for row in rows:
        lab = {"exact": "A", "as it is": "C", "realigned": "C"}.get(way, "B")
        n = row["counts"][lab][0]
        found = row["ways"].get(way, {"caught": [False] * n})["caught"]
        behaviours += [row["behaviour"]] * n
        caught += found
    rate = clustered_rate(by_cluster(behaviours, caught))
    note = "; ".join(
        f"{row['behaviour']} {share(row['ways'][way]['caught']) if way in row['ways'] else 0:.2f}" for row in rows
    )
    alarms = [row["ways"][way]["alarms"] for row in rows if "alarms" in row["ways"].get(way, {})]
    if alarms:
        mean = sum(alarms) / len(alarms)
        note += f". At the thresholds set on import: false alarms {mean:.2%}, at most {max(alarms):.2%}"
    return {"value": rate.value, "low": rate.low, "high": rate.high, "n": len(caught), "holds": True, "note": note}


def close(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """For how many behaviours the refit comes within 0.1 of the best that B makes of its own labels."""
    told, near = [], 0
    for row in rows:
        own, refit = (share(row["ways"].get(way, {"caught": []})["caught"]) for way in ("own", "refit"))
        # Nothing is near what is not there: a recipe that was refused, or no detector of B's own.
        enough, both = row["counts"]["B"][0] >= FEWEST, {"own", "refit"} <= set(row["ways"])
        near += enough and both and refit >= own - CLOSE
        said = "" if enough else f", only {row['counts']['B'][0]} bad replies"
        said += "" if both else f", no {'refit' if 'refit' not in row['ways'] else 'own'}"
        told.append(f"{row['behaviour']} {refit:.2f} of {own:.2f}{said}")
    return {"value": near, "low": None, "high": None, "n": len(rows), "holds": near >= LEAST, "note": "; ".join(told)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--behaviour", choices=BEHAVIOURS)
    parser.add_argument("--claim", choices=("close", *WAYS))
    given = parser.parse_args()
    rows = []
    for name in [given.behaviour] if given.behaviour else BEHAVIOURS:
        rows.append(behaviour_row(name))
        print(line(rows[-1]), flush=True)
    if given.claim:
        print(json.dumps(close(rows) if given.claim == "close" else recall_of(given.claim, rows)))


if __name__ == "__main__":
    main()
