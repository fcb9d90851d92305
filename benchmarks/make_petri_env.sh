#!/bin/sh
# The environment in which Petri and caseback run together. Petri wants Python 3.12 or newer, and brings more packages
# than our own environment holds, so it has one to itself.
# Usage: benchmarks/make_petri_env.sh [FOLDER]   (default .cache/envs/petri; PYTHON names the interpreter)
set -eu
cd "$(dirname "$0")/.."
env="${1:-.cache/envs/petri}"
packages="inspect-petri==3.1.1 inspect-scout==0.6.0 pytest pytest-timeout"

fits='import sys; sys.exit(0 if (3, 12) <= sys.version_info[:2] < (3, 14) else 1)'
python=""
for each in ${PYTHON:-python3.12 python3.13 python3}; do
    if "$each" -c "$fits" 2>/dev/null; then
        python="$each"
        break
    fi
done
if [ -z "$python" ]; then
    echo "Petri needs Python 3.12 or 3.13, which is not among: ${PYTHON:-python3.12 python3.13 python3}." \
        "Install it, or name it: PYTHON=/path/to/python3.12 $0" >&2
    exit 2
fi

# It is ready when it was made for this folder and these packages; otherwise what differs is installed.
made="$(pwd) $(cat pyproject.toml constraints.txt "$0" | cksum)"
if [ "$(cat "$env/.made" 2>/dev/null || true)" != "$made" ]; then
    "$env/bin/python" -c "$fits" 2>/dev/null || "$python" -m venv --clear "$env"
    pip="$env/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt"
    $pip torch
    $pip --editable '.[petri]' $packages
    echo "$made" > "$env/.made"
fi
echo "$env is ready"
