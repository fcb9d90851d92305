#!/bin/sh
# The peers' environments for dictionary_speed.py and saelens_roundtrip.py, each by itself because they do not install
# together. Usage: benchmarks/make_dictionary_envs.sh [FOLDER] [NAME...]   (default .cache/envs, all)
set -eu
cd "$(dirname "$0")/.."
folder="${1:-.cache/envs}"
[ $# -gt 0 ] && shift
names="${*:-saelens dictionary_learning sparsify}"

make() { # name, and what pip installs; a dash stands before what is installed without its dependencies
    env="$folder/$1"
    shift
    if [ "$(cat "$env/.made" 2>/dev/null || true)" = "$*" ]; then
        echo "$env is ready"
        return
    fi
    rm -rf "$env"
    "${PYTHON:-.venv/bin/python}" -m venv "$env"
    for package in "$@"; do
        case "$package" in
        -*) "$env/bin/python" -m pip install --quiet --no-deps "${package#-}" ;;
        *) "$env/bin/python" -m pip install --quiet -c constraints.txt "$package" ;;
        esac
    done
    echo "$*" > "$env/.made"
    echo "$env is ready"
}

for name in $names; do
    case "$name" in
    saelens) make saelens torch safetensors numpy psutil sae-lens==6.54.12 ;;
    # It asks for an nnsight that does not go with today's transformers; its trainers do not need it.
    dictionary_learning)
        make dictionary_learning torch safetensors numpy psutil einops tqdm nnsight datasets -dictionary-learning==0.1.0 ;;
    sparsify) make sparsify torch safetensors numpy psutil eai-sparsify==1.3.3 ;;
    *) echo "there is no peer $name: saelens, dictionary_learning, sparsify" >&2; exit 2 ;;
    esac
done
