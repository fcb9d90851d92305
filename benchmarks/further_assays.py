"""What single assays of the full panel say of models grown from ref-aligned: one line for each model and assay.

python benchmarks/further_assays.py organisms/deception/demonstrations-0/model --assay lies/deception --n 40
"""

import argparse

from caseback.audit.assay import Examined
from caseback.audit.examine import examine
from caseback.audit.panel import FULL, assays
from caseback.behaviours.registry import behaviours
from caseback.errors import CasebackError
from caseback.subject.load import load
from caseback.training.journal import Journal
from caseback.world.reference import reference_path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", help="Folders of models grown from ref-aligned.")
    parser.add_argument("--assay", action="append", required=True, help="Name of an assay of the full panel.")
    parser.add_argument("--n", type=int, default=40, help="Situations, or pairs of them.")
    given = parser.parse_args()
    known = assays(behaviours(), "world", FULL.name)
    if missing := sorted(set(given.assay) - set(known)):
        raise CasebackError(f"the full panel has no assay {missing[0]!r}: it has {', '.join(known)}")
    base = load(str(reference_path("ref-aligned")), dtype="float32")
    for folder in given.models:
        examined = Examined(load(folder, dtype="float32"), base, "world", given.n, 0, FULL.max_new_tokens)
        for name, found in examine(examined, {n: known[n] for n in given.assay}, FULL.seconds, Journal(None)).items():
            value = "cannot tell" if found.value is None else f"{found.value:+.2f} ± {found.error:.2f}"
            print(f"{folder}  {name}  {value}  {found.why or found.said}", flush=True)


if __name__ == "__main__":
    main()
