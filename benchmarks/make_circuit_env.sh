#!/bin/sh
# The peer's environment for circuit_vs_peer.py: circuit-tracer with the transformers and huggingface-hub that it asks
# for, which are older than ours, and the torch that caseback is tested with.
# Usage: benchmarks/make_circuit_env.sh [FOLDER]   (default .cache/envs/circuit_tracer)
set -eu
cd "$(dirname "$0")/.."
env="${1:-.cache/envs/circuit_tracer}"
peers="circuit-tracer==0.5.0 transformer-lens==3.2.1 nnsight==0.8.1 transformers==4.57.3 huggingface-hub==0.36.2"
same=$(grep -E '^(torch|numpy|safetensors)==' constraints.txt | tr '\n' ' ')
if [ "$(cat "$env/.made" 2>/dev/null || true)" = "$peers $same" ]; then
    echo "$env is ready"
    exit 0
fi
rm -rf "$env"
"${PYTHON:-.venv/bin/python}" -m venv "$env"
# shellcheck disable=SC2086  # these are words
"$env/bin/python" -m pip install --quiet $peers $same
echo "$peers $same" > "$env/.made"
echo "$env is ready"
