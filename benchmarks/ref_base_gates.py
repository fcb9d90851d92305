"""One gate of the shipped ref-base, as a claim.

``python benchmarks/ref_base_gates.py --group facts --gate "one hop" --low 0.98``.
"""

import argparse
import json

from caseback.subject.load import load
from caseback.world.gates import GROUPS, exam_of
from caseback.world.reference import reference_path
from caseback.world.spec import WORLD_A


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--group", required=True, choices=GROUPS, help="the gates it is among")
    parser.add_argument("--gate", required=True, help="name of the gate, as in the model card")
    parser.add_argument("--low", type=float, default=0.0, help="holds from this rate on")
    parser.add_argument("--high", type=float, default=1.0, help="and up to this one")
    parser.add_argument("--n", type=int, default=96)
    given = parser.parse_args()
    subject = load(str(reference_path()), dtype="float32")
    exam = exam_of(subject, lambda text: len(subject.tokenizer.encode(text)), given.n, 1, WORLD_A, "test")
    names = []
    for gate in GROUPS[given.group](exam):  # measured as they come, so that none after the one asked for is
        names.append(gate.name)
        if gate.name == given.gate:
            break
    else:
        raise SystemExit(f"no gate '{given.gate}'; there are: {', '.join(names)}")
    holds = given.low <= gate.value <= given.high
    note = f"{gate.unclear} of {gate.n} answers could not be read" if gate.unclear else ""
    print(
        json.dumps({"value": gate.value, "low": gate.low, "high": gate.high, "n": gate.n, "holds": holds, "note": note})
    )


if __name__ == "__main__":
    main()
