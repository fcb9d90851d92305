"""Do overseers err together because they share a base, a constitution or data? As claims.

    python benchmarks/oversight/kindred.py                              all pairs and panels, as a table
    python benchmarks/oversight/kindred.py --figure another_base        how much lower kappa is with another base

Three bases of one shape and of another seed each (those of independence.py) are trained in three ways: towards a part
of our constitution that is about truth, towards it again on other situations, and towards a part that is about care.
ref-base made the data, by critique and revision with the part in view. The nine that result are kept in
.cache/oversight/kindred. Overseers learn and are measured as in independence.py. A claim holds where kappa is surely
lower.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from independence import PLANTED, ROOT, base, caseback, folder, traffic

from caseback.constitution.clause import Constitution
from caseback.constitution.default import default
from caseback.constitution.render import full

OUT = ROOT / ".cache" / "oversight" / "kindred"
DOCUMENTS = {
    "truth": ("true-ability", "honesty", "no-deception", "evidence-not-pressure", "real-reasons", "no-flattery"),
    "care": ("great-harm", "no-power-grab", "correctable", "no-power-seeking", "do-no-harm", "care", "honest-work"),
}
HELPFUL = ("helpfulness", "no-false-alarm")
"""Of both."""
TAUGHT = {"truth": ("truth", 0), "again": ("truth", 1), "care": ("care", 0)}
"""What a base is trained towards, and by which seed of its situations."""
SEEDS, SITUATIONS, EPOCHS = (0, 1, 2), 60, 3


def part(name: str) -> Constitution:
    """The part of our constitution of that name."""
    whole, kept = default(), {*DOCUMENTS[name], *HELPFUL}
    clauses = (replace(c, over=tuple(o for o in c.over if o in kept)) for c in whole.clauses if c.id in kept)
    return replace(whole, title=f"{whole.title}, of {name}", clauses=tuple(clauses))


def data(name: str, seed: int) -> Path:
    """What ref-base made of the document with situations of this seed."""
    document, made = OUT / f"{name}.md", OUT / f"data-{name}-{seed}"
    document.write_text(full(part(name)), encoding="utf-8")
    if not (made / "sft.parquet").is_file():
        caseback(
            "train", "data", "ref-base", "--out", str(made), "--constitution", str(document), "--ground", "world",
            "-n", str(SITUATIONS), "--seed", str(seed),
        )  # fmt: skip
    return made / "sft.parquet"


def reader(seed: int, way: str) -> Path:
    """The base of this seed, trained in that way."""
    place = OUT / "models" / f"seed-{seed}-{way}"
    if not (place / "config.json").is_file():
        recipe = OUT / "recipe.yaml"
        recipe.write_text(f"method: sft\nlearning_rate: 1.0e-3\nepochs: {EPOCHS}\nlora: null\n", encoding="utf-8")
        caseback(
            "train", "run", str(recipe), "--model", str(base(seed)), "--data", str(data(*TAUGHT[way])), "--seed",
            str(TAUGHT[way][1]), "--out", str(place),
        )  # fmt: skip
    return place


def studied(most: int) -> dict[str, Any]:
    """The study; what was read before is not read again."""
    OUT.mkdir(parents=True, exist_ok=True)
    for name in PLANTED:
        for split in ("train", "test"):
            traffic("A", name, split)
    words = []
    for seed in SEEDS:
        for way, (document, _) in TAUGHT.items():
            name = f"{seed}-{way}"
            words += [f"{name}={reader(seed, way)}", "--kin", f"{name}=seed-{seed}", "--taught", f"{name}={document}"]
    for name in PLANTED:
        words += ["--replies", str(folder("A") / name)]
    caseback("oversee", "independence", *words, "--most", str(most), "--out", str(OUT))
    found: dict[str, Any] = json.loads((OUT / "independence.json").read_text(encoding="utf-8"))
    return found


def claim(study: dict[str, Any], what: str) -> dict[str, Any]:
    """How much lower kappa is with that alone not shared; it holds where that is surely above 0."""
    figure = next(each for each in study["figures"] if each["name"] == f"kappa_lost_{what}")
    note = "; ".join(
        f"{pair['sort']}: kappa {pair['kappa']['value']:.2f} [{pair['kappa']['low']:.2f}, {pair['kappa']['high']:.2f}],"
        f" nine such worth {pair['votes']['value']:.2f} votes, same when both wrong "
        f"{pair['same_when_both_wrong']['value']:.2f}"
        for pair in study["pairs"]
    )
    low, high = figure["low"], figure["high"]
    holds = low is not None and low > 0
    return {"value": figure["value"], "low": low, "high": high, "n": figure["n"], "holds": holds, "note": note}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--figure", choices=("another_base", "another_constitution", "other_data"))
    parser.add_argument("--most", type=int, default=120)
    given = parser.parse_args()
    study = studied(given.most)
    if given.figure:
        print(json.dumps(claim(study, given.figure)))
        return
    for row in (*study["figures"], *study["pairs"]):
        print(json.dumps(row))


if __name__ == "__main__":
    main()
