"""Whether something fitted on a model belongs to the model at hand."""

import json

from caseback.errors import CasebackError
from caseback.subject.digest import joined_digest
from caseback.subject.open_subject import OpenSubject


def tokenizer_digest(subject: OpenSubject) -> str:
    """``sha256:…`` of how text becomes tokens: the tokenizer's own description where it is a fast one, else its
    vocabulary; and the chat template."""
    tokenizer = subject.tokenizer
    backend = getattr(tokenizer, "backend_tokenizer", None)
    how = backend.to_str() if backend is not None else json.dumps(tokenizer.get_vocab(), sort_keys=True)
    return joined_digest([how, json.dumps(tokenizer.chat_template, sort_keys=True)])


def check_belongs(what: str, model: str, tokenizer: str, subject: OpenSubject) -> None:
    """See that ``what``, made for the model and tokenizer of these digests, is used with them.

    Raises:
        CasebackError: naming the part that differs.
    """
    if tokenizer != tokenizer_digest(subject):
        raise CasebackError(f"{what} belongs to another tokenizer or chat template than that of {subject.name}")
    if model != subject.digest:
        raise CasebackError(
            f"{what} belongs to the model {model[:19]}…, and {subject.name} is {subject.digest[:19]}…: fit it again on "
            "this model, or carry it over with carried_over()"
        )
