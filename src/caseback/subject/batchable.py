"""Whether a model takes unequal rows in one batch, found by trying, and how many."""

from typing import Any

import psutil
import torch

from caseback.subject.context import text_config
from caseback.subject.generate import Forward, prefill
from caseback.subject.kv_cache import repacked

MAX_ROWS = {"cpu": 64, "mps": 64, "cuda": 256}
"""Most rows at once; on two CPU cores more rows than this gained nothing."""
MAX_CACHE_BYTES = 4 * 2**30


def takes_unequal_rows(model: Any) -> bool:
    """Whether rows of unequal length, padded and moved as ``complete`` does, give the logits they give alone."""
    forward = Forward(model)
    if not {"past_key_values", "attention_mask"} <= forward.known:
        return False
    vocabulary = text_config(model).vocab_size
    generator = torch.Generator().manual_seed(0)
    rows = [torch.randint(vocabulary, (length,), generator=generator).tolist() for length in (12, 2, 7)]
    try:
        cache, _ = prefill(forward, [row[:-1] for row in rows])
        lengths = torch.tensor([len(row) - 1 for row in rows], device=forward.device)
        width = int(lengths.max()) + 1
        mask = (torch.arange(width, device=forward.device) >= width - 1 - lengths[:, None]).long()
        newest = torch.tensor([row[-1:] for row in rows], device=forward.device)
        together = forward(newest, mask, lengths[:, None], repacked([(cache, None)], width - 1)).float()
        alone = torch.cat([forward.alone(row) for row in rows]).float()
    except Exception:  # whatever a foreign architecture raises here, it means: not in this way
        return False
    # A token wrongly seen moves logits by about their spread; rounding does by far less, in half precision too.
    exact = next(model.parameters()).dtype == torch.float32
    return bool((together - alone).abs().mean() < (1e-3 if exact else 0.3) * alone.std())


def positions_depend_on_batch(model: Any, longest: int) -> bool:
    """Whether the model would choose its rotary frequencies by the longest row in a batch."""
    config = text_config(model)
    rope = getattr(config, "rope_parameters", None) or {}
    kinds = {rope.get("rope_type")} | {part.get("rope_type") for part in rope.values() if isinstance(part, dict)}
    original = rope.get("original_max_position_embeddings") or getattr(config, "original_max_position_embeddings", None)
    limit = original or getattr(config, "max_position_embeddings", None) or longest
    return bool(kinds & {"dynamic", "longrope"}) and longest > limit


def cache_columns(model: Any, device: torch.device) -> int:
    """How many tokens of keys and values may be held at once, in a quarter of the free memory and at most 4 GiB."""
    config = text_config(model)
    heads = config.num_attention_heads
    kv_heads = getattr(config, "num_key_value_heads", None) or heads
    size = getattr(config, "head_dim", None) or config.hidden_size // heads
    layers = config.num_hidden_layers
    bytes_each = 2 * layers * kv_heads * size * next(model.parameters()).element_size()
    free = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else psutil.virtual_memory().available
    # Half of it, because moving rows holds old and new memory together.
    return max(1, min(free // 4, MAX_CACHE_BYTES) // (2 * bytes_each))
