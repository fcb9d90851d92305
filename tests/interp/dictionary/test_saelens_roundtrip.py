"""The real SAELens reads what we write. Slow: it is a process of its own, in an environment of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ENV = ROOT / ".cache/envs/saelens"


@pytest.mark.slow
def test_saelens_loads_what_we_write() -> None:
    if not (ENV / "bin/python").exists():
        pytest.skip(f"{ENV} is missing; make it: benchmarks/make_dictionary_envs.sh .cache/envs saelens")
    script = str(ROOT / "benchmarks/saelens_roundtrip.py")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["n"] == 8
    assert found["value"] < 1e-4
