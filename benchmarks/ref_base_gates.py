"""One gate of the shipped ref-base, as a claim.

``python benchmarks/ref_base_gates.py --group facts --gate "one hop" --low 0.98``.

The gates of a group are measured together and kept in .cache/ref_base_gates, by source and model, for all its claims.
"""

import argparse
import json
from dataclasses import asdict

from default_run import ROOT, source

from caseback.subject.load import load
from caseback.world.gate import Gate
from caseback.world.gates import GROUPS, exam_of, measure
from caseback.world.reference import reference_path
from caseback.world.spec import WORLD_A


def gates_of(group: str, n: int) -> dict[str, Gate]:
    """The gates of a group by name; those measured before where source and model are the same."""
    kept = ROOT / ".cache" / "ref_base_gates" / source() / f"{group}-{n}.json"
    if not kept.exists():
        subject = load(str(reference_path()), dtype="float32")
        exam = exam_of(subject, lambda text: len(subject.tokenizer.encode(text)), n, 1, WORLD_A, "test")
        found = [asdict(gate) for gate in measure(exam, [group])]
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(".part")
        part.write_text(json.dumps(found, indent=1), encoding="utf-8")
        part.replace(kept)
    return {row["name"]: Gate(**row) for row in json.loads(kept.read_text(encoding="utf-8"))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--group", required=True, choices=GROUPS, help="the gates it is among")
    parser.add_argument("--gate", required=True, help="name of the gate, as in the model card")
    parser.add_argument("--low", type=float, default=0.0, help="holds from this rate on")
    parser.add_argument("--high", type=float, default=1.0, help="and up to this one")
    parser.add_argument("--n", type=int, default=96)
    given = parser.parse_args()
    gates = gates_of(given.group, given.n)
    if given.gate not in gates:
        raise SystemExit(f"no gate '{given.gate}'; there are: {', '.join(gates)}")
    gate = gates[given.gate]
    holds = given.low <= gate.value <= given.high
    note = f"{gate.unclear} of {gate.n} answers could not be read" if gate.unclear else ""
    print(
        json.dumps({"value": gate.value, "low": gate.low, "high": gate.high, "n": gate.n, "holds": holds, "note": note})
    )


if __name__ == "__main__":
    main()
