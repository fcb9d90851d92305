"""circuit-tracer computes the graphs that we compute, and reads ours. Slow: it has a process and an environment of its
own, which benchmarks/make_circuit_env.sh makes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from caseback.interp.circuit.transcoders import save_transcoders
from caseback.interp.dictionary.dictionary import Dictionary
from caseback.subject.site import Site

ROOT = Path(__file__).parents[3]
ENV = ROOT / ".cache/envs/circuit_tracer"
LAYERS, D, WIDTH, K = 6, 256, 384, 8  # layers and width of ref-base


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["per-layer", "cross-layer"])
def test_circuit_tracer_computes_the_same_graph_and_reads_ours(kind: str, tmp_path: Path) -> None:
    if not (ENV / ".made").exists():
        pytest.skip(f"{ENV} is missing; make it: benchmarks/make_circuit_env.sh")
    draw = torch.Generator().manual_seed(0)
    transcoders = {}
    for layer in range(LAYERS):
        writes = tuple(Site("mlp_out", m) for m in range(layer, LAYERS if kind == "cross-layer" else layer + 1))
        shapes = (D, WIDTH), (WIDTH,), (WIDTH, D * len(writes)), (D * len(writes),)
        weights = [torch.randn(shape, generator=draw) * 0.1 for shape in shapes]
        transcoders[layer] = Dictionary((Site("mlp_in", layer),), writes, *weights, k=K)
    save_transcoders(transcoders, tmp_path / kind)
    (tmp_path / kind / "report.json").write_text("{}")
    command = [sys.executable, str(ROOT / "benchmarks/circuit_vs_peer.py"), "--check", "--n", "2", "--latents", "200"]
    command += ["--transcoders", str(tmp_path), *(["--cross-layer"] if kind == "cross-layer" else [])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["holds"]
    assert "circuit-tracer reads, serves and saves a graph of ours" in done.stdout
