"""Which hidden states vLLM is to keep, and how it is told.

vLLM's hidden state extraction (docs/features/speculative_decoding/extract_hidden_states.md there) names layers by what
comes before them: layer i is the residual stream that block i receives, and as many as there are blocks is what the
last one leaves, before the final norm. So it gives the sites ``resid_pre`` and ``resid_post`` and no others.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from caseback.errors import CasebackError
from caseback.subject.site import Site


def layer_of(site: Site) -> int:
    """vLLM's number for a site.

    Raises:
        CasebackError: it gives no such activations.
    """
    if site.kind == "resid_pre":
        return site.layer
    if site.kind == "resid_post":
        return site.layer + 1
    raise CasebackError(f"site {site}: vLLM gives the residual stream between blocks only, resid_pre and resid_post")


def serve_arguments(layers: Sequence[int], folder: Path) -> list[str]:
    """Arguments of ``vllm serve`` by which it keeps these layers' states of each request, as a file in ``folder``.

    CUDA graphs and compilation stay on. Chunked prefill is turned off, as vLLM asks. Let the folder be in memory
    (``/dev/shm``), on the machine of the worker, and of nobody else: what lies there for a moment are activations.
    """
    speculative = {
        "method": "extract_hidden_states",
        "num_speculative_tokens": 1,
        "draft_model_config": {"hf_config": {"eagle_aux_hidden_state_layer_ids": list(layers)}},
    }
    transfer = {
        "kv_connector": "ExampleHiddenStatesConnector",
        "kv_role": "kv_producer",
        "kv_connector_extra_config": {"shared_storage_path": str(folder)},
    }
    return [
        "--speculative_config",
        json.dumps(speculative),
        "--kv_transfer_config",
        json.dumps(transfer),
        "--no-enable-chunked-prefill",
    ]
