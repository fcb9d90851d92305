"""The subjects as blue gets them: the weights and nothing else that could tell one from another."""

import os
from pathlib import Path

from caseback.dossier.disk import writing
from caseback.errors import CasebackError
from caseback.subject.adapters import merge
from caseback.subject.digest import folder_digest
from caseback.subject.open_subject import OpenSubject
from caseback.training.quiet import quiet

STAMP = 946_684_800
"""Seconds since 1970 at the beginning of 2000: when every file of a game says that it was written."""


def write_subject(subject: OpenSubject, mould: OpenSubject, folder: Path) -> str:
    """Write the subject's weights in the base's own files, and return the digest of the folder.

    Configuration, tokenizer and the layout of the weights are written from the base, ``mould``, whose weights are
    overwritten: so the files of all subjects are alike but for the numbers in them. No adapter, no record of a training
    and no data go along. Files bear one time, and the same mode.

    Raises:
        CasebackError: the subject has other tensors than the base, or another tokenizer.
    """
    if subject.attached is not None:
        merge(subject)
    unlike = subject.tokenizer.get_vocab() != mould.tokenizer.get_vocab()
    if unlike or subject.tokenizer.chat_template != mould.tokenizer.chat_template:
        raise CasebackError(f"{subject.name} has another tokenizer than its base, which would betray it: leave it out")
    try:
        mould.model.load_state_dict(subject.model.state_dict())
    except RuntimeError as error:
        said = " ".join(str(error).split())[:200]
        raise CasebackError(f"{subject.name} has other tensors than its base, which would betray it: {said}") from None
    with writing(folder):
        with quiet():
            mould.model.save_pretrained(folder)
        mould.tokenizer.save_pretrained(folder)
        stamp(folder)
    return folder_digest(folder)


def stamp(folder: Path) -> None:
    """Give everything under a folder, and the folder, one time and one mode."""
    for path in (*folder.rglob("*"), folder):
        os.chmod(path, 0o755 if path.is_dir() else 0o644)
        os.utime(path, (STAMP, STAMP))
