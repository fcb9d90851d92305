"""What identifies a model: the SHA-256 of the files that make it."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

PARTS = (
    "*.safetensors", "config.json", "generation_config.json", "model.safetensors.index.json",
    "tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab.*", "merges.txt", "*.model",
    "chat_template*", "chat_templates/*", "adapter_config.json",
)  # fmt: skip
"""Weights, configuration, tokenizer and chat template."""


def folder_digest(folder: Path) -> str:
    """``sha256:…`` over the names and contents of the model files in a folder, read in pieces."""
    files = sorted({path for pattern in PARTS for path in folder.glob(pattern) if path.is_file()})
    return joined_digest(f"{path.relative_to(folder).as_posix()} {_file_digest(path)}" for path in files)


def joined_digest(lines: Iterable[str]) -> str:
    """``sha256:…`` of some lines of text."""
    return "sha256:" + hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
