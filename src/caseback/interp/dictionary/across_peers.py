"""What several processes that train one dictionary do beside training: see that they train the same, and measure what
came out.
"""

import json
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from torch import Tensor

from caseback.errors import CasebackError
from caseback.interp.dictionary.kernels.bags import written
from caseback.interp.dictionary.peers import Peers
from caseback.interp.dictionary.quality import Quality
from caseback.interp.dictionary.scaling import Scaling
from caseback.interp.dictionary.select import at_inference
from caseback.interp.dictionary.settings import Settings
from caseback.interp.dictionary.training import Training


def check_alike(peers: Peers, about: Mapping[str, Any]) -> None:
    """See that all processes train the same: what they exchange would be sums of unlike things.

    Raises:
        CasebackError: in all of them, naming what differs.
    """
    if peers.count == 1:
        return
    told = [json.loads(text) for text in peers.texts(json.dumps(dict(about)))]
    for number, other in enumerate(told[1:], start=2):
        if different := [name for name in told[0] if other.get(name) != told[0][name]]:
            name = different[0]
            raise CasebackError(
                f"process {number} has another {name} ({other.get(name)}) than process 1 ({told[0][name]}): give all "
                "processes the same store and the same options"
            )


def quality_of_parts(
    training: Training,
    batches: Iterable[tuple[Tensor, Tensor]],
    scales: tuple[Scaling, ...],
    threshold_F: Tensor | None,
    settings: Settings,
    kernels: ModuleType,
) -> Quality:
    """What the whole dictionary is worth on activations (what is read, what should be written), each process encoding
    and decoding its own latents.
    """
    device = training.W_enc.device
    quality = Quality(len(training.b_dec), training.width)
    for x_BD, target_BE in batches:
        x = scales[0].apply(x_BD).to(device)
        entries = at_inference(training, x, threshold_F, settings, kernels)
        x_hat = training.peers.sum(written(entries, training.W_dec)) + training.b_dec
        if training.W_skip is not None:
            x_hat = x_hat + x @ training.W_skip
        x_hat_BE = x_hat.cpu() * scales[1].scale + scales[1].centre
        quality.count(x_hat_BE, target_BE, int(training.peers.total((entries.values > 0).sum())))
    return quality
