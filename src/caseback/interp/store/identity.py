"""What binds a store to what made it: digests of tokenizer and chat template, and of the documents so far."""

import hashlib
import json
from typing import Any

from caseback.interp.store.document import Document


def tokenizer_digest(tokenizer: Any) -> str:
    """``sha256:…`` over how the tokenizer cuts and numbers text."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is not None:
        known = json.loads(backend.to_str())
        # How the last call padded and cut off is kept in there too, and says nothing about the tokenizer.
        described = json.dumps({**known, "padding": None, "truncation": None}, sort_keys=True)
    else:
        described = json.dumps([sorted(tokenizer.get_vocab().items()), tokenizer.all_special_tokens])
    return "sha256:" + hashlib.sha256(described.encode()).hexdigest()


def template_digest(tokenizer: Any, options: Any) -> str:
    """``sha256:…`` over the chat template and the options it is rendered with; of nothing where there is none."""
    described = json.dumps([tokenizer.chat_template, dict(options)], sort_keys=True, default=str)
    return "sha256:" + hashlib.sha256(described.encode()).hexdigest()


def chained(before: str, document: Document) -> str:
    """The digest of the documents up to this one, from the digest up to the one before it."""
    described = json.dumps([before, document.id, document.ids, dict(document.latents), document.spans], sort_keys=True)
    return hashlib.sha256(described.encode()).hexdigest()
