"""A depth battery goes into a run's dossier once, with all of its figures."""

import json

from caseback.dossier.dossier import open_dossier
from caseback.loop.depth import record_depth

RATE = {"value": 0.5, "k": 1, "n": 2, "low": 0.0, "high": 1.0, "confidence": 0.95}
ARM = {"arm": "trained", "model": "m", "digest": "sha256:ab", "rate": RATE, "right": RATE, "unable": "", "measures": {},
       "scores": {"kl": {"value": None, "low": None, "high": None, "why": "alike"}}}  # fmt: skip
DATA = {"kind": "caseback depth", "version": 1, "behaviours": [{
    "behaviour": "harmful_compliance", "ground": "world", "n": 2, "families": ["harm.a"], "seed": 3,
    "max_new_tokens": 8, "judge": "oracle", "calibration": None, "arms": [ARM],
}]}  # fmt: skip


def test_it_rests_on_the_models_it_measured_and_is_recorded_once(tmp_path):
    with open_dossier(tmp_path / "dossier") as dossier:
        subject = dossier.append("subject", {"role": "sft", "digest": "sha256:ab"})
        dossier.append("subject", {"role": "other", "digest": "sha256:cd"})
    journal = tmp_path / "journal.jsonl"
    journal.write_text('{"key": "k"}\n')
    first, second = (record_depth(tmp_path / "dossier", DATA, journal, 3) for _ in range(2))
    assert first.id == second.id
    assert first.parents == (subject.id,)
    assert first.seed == 3
    with open_dossier(tmp_path / "dossier") as dossier:
        assert json.loads(dossier.get(first.artefacts["depth"])) == DATA
        assert dossier.get(first.artefacts["journal"]) == journal.read_bytes()
        assert dossier.verify() == []
        body = dossier.record(first.id).body
    assert body["behaviours"][0]["arms"][0]["scores"] == ARM["scores"]
