"""Whether something fitted on a model belongs to the model at hand."""

import json
from typing import Any

from caseback.errors import CasebackError
from caseback.subject.digest import joined_digest
from caseback.subject.open_subject import OpenSubject


def tokenizer_digest(subject: OpenSubject) -> str:
    """``sha256:…`` of how text becomes tokens: the tokenizer's own description where it is a fast one, else its
    vocabulary; and the chat template. How the last call padded and cut off is no part of it."""
    tokenizer = subject.tokenizer
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        return _with_template(json.dumps(tokenizer.get_vocab(), sort_keys=True), tokenizer)
    if backend.padding is not None or backend.truncation is not None:
        # A copy, since a batch may be under way; written by the same library, so that the digest stays what it was.
        backend = type(backend).from_str(backend.to_str())
        backend.no_padding()
        backend.no_truncation()
    return _with_template(backend.to_str(), tokenizer)


def known_digests(subject: OpenSubject) -> tuple[str, ...]:
    """The digests that files of this tokenizer may carry: ``tokenizer_digest``, and the one of earlier versions.

    They had in it how the last call padded and cut off, and some tokenizers come with a setting of their own for that.
    """
    backend = getattr(subject.tokenizer, "backend_tokenizer", None)
    now = tokenizer_digest(subject)
    return (now,) if backend is None else (now, _with_template(backend.to_str(), subject.tokenizer))


def _with_template(how: str, tokenizer: Any) -> str:
    return joined_digest([how, json.dumps(tokenizer.chat_template, sort_keys=True)])


def check_belongs(what: str, model: str, tokenizer: str, subject: OpenSubject) -> None:
    """See that ``what``, made for the model and tokenizer of these digests, is used with them.

    Raises:
        CasebackError: naming the part that differs.
    """
    if tokenizer not in known_digests(subject):
        raise CasebackError(f"{what} belongs to another tokenizer or chat template than that of {subject.name}")
    if model != subject.digest:
        raise CasebackError(
            f"{what} belongs to the model {model[:19]}…, and {subject.name} is {subject.digest[:19]}…: fit it again on "
            "this model, or carry it over with carried_over()"
        )
