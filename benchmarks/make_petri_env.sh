#!/bin/sh
# The environment in which Petri and caseback run together. Petri wants Python 3.12 or newer, and brings more packages
# than our own environment holds, so it has one to itself.
# Usage: benchmarks/make_petri_env.sh [FOLDER]   (default .cache/envs/petri; PYTHON names the interpreter)
set -eu
cd "$(dirname "$0")/.."
env="${1:-.cache/envs/petri}"

fits='import sys; sys.exit(0 if (3, 12) <= sys.version_info[:2] < (3, 14) else 1)'
python=""
for each in ${PYTHON:-python3.12 python3.13 python3}; do
    if "$each" -c "$fits" 2>/dev/null; then
        python="$each"
        break
    fi
done
if [ -z "$python" ]; then
    echo "Petri needs Python 3.12 or 3.13, and ${PYTHON:-no python3.12, python3.13 or python3 here} is one:" \
        "install it, or name it: PYTHON=/path/to/python3.12 $0" >&2
    exit 2
fi

# An environment is ready when it was made from this folder, with these packages.
made="$(pwd) $(cat pyproject.toml constraints.txt "$0" | cksum)"
if [ "$(cat "$env/.made" 2>/dev/null || true)" = "$made" ]; then
    echo "$env is ready"
    exit 0
fi
rm -rf "$env"
"$python" -m venv "$env"
pip="$env/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt"
$pip torch
$pip --editable '.[petri]' pytest pytest-timeout hypothesis
echo "$made" > "$env/.made"
echo "$env is ready"
