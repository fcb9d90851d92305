#!/bin/sh
# LiteLLM's proxy for gateway.py, in an environment of its own; 1.82.7 and 1.82.8 were trojanised, so it is pinned.
# Usage: benchmarks/watch/gateway_litellm_env.sh [FOLDER]   (default .cache/envs/litellm)
set -eu
cd "$(dirname "$0")/../.."
env="${1:-.cache/envs/litellm}"
peer="litellm[proxy]==1.108.7"
if [ "$(cat "$env/.made" 2>/dev/null || true)" = "$peer" ]; then
    exit 0
fi
rm -rf "$env"
"${PYTHON:-.venv/bin/python}" -m venv "$env"
"$env/bin/python" -m pip install --quiet "$peer"
echo "$peer" > "$env/.made"
