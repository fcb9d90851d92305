"""How much text a model takes."""

from typing import Any


def text_config(model: Any) -> Any:
    """The configuration of the language part."""
    return model.config.get_text_config(decoder=True)


def context_length(model: Any) -> int | None:
    """Most tokens, prompt and reply together, or None where the model sets no bound."""
    config = text_config(model)
    length = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None)
    return int(length) if length else None
