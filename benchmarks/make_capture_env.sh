#!/bin/sh
# The peers' environment for capture_vs_peers.py: nnsight and TransformerLens beside the torch and transformers that
# caseback is tested with. Usage: benchmarks/make_capture_env.sh [FOLDER]   (default .cache/envs/capture)
set -eu
cd "$(dirname "$0")/.."
env="${1:-.cache/envs/capture}"
peers="nnsight==0.8.1 transformer-lens==4.3.0"
if [ "$(cat "$env/.made" 2>/dev/null || true)" = "$peers" ]; then
    echo "$env is ready"
    exit 0
fi
rm -rf "$env"
"${PYTHON:-.venv/bin/python}" -m venv "$env"
# shellcheck disable=SC2086  # the peers are words
"$env/bin/python" -m pip install --quiet -c constraints.txt torch transformers safetensors numpy psutil $peers
echo "$peers" > "$env/.made"
echo "$env is ready"
