"""Scores of what vLLM's worker read, made beside the worker: scores leave the machine, activations do not.

For each request vLLM writes the hidden states of chosen layers to a file, by its documented hidden state extraction,
which leaves CUDA graphs on. A reader on the same machine turns each file into one score per token and detector, and
deletes it. A file is named for its request, whose id holds the exchange's (the gateway sends it as ``X-Request-Id``).

What vLLM documents is the states of the prompt. Those of the reply come too where the request has
``"kv_transfer_params": {"include_output_tokens": true}``, which its connector reads and its documentation does not
name. Scores come after the reply has ended, so ``hold`` and ``stop`` cannot be had this way.

It is a library: no command runs it. Whoever runs vLLM starts it with ``layers.serve_arguments``, sends
``X-Request-Id``, runs ``follow`` on the worker's machine, and gives what that yields to ``scored``, where the tokenizer
is.

Not run: there was no GPU and no vLLM to write a file. Tests write such files from our own forward pass, in the format
that vLLM documents, and compare with the scores that detectors give offline.
"""

import fcntl
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from caseback.detectors.faults import NOT_FINITE, STATES
from caseback.detectors.scored import Scored
from caseback.errors import CasebackError
from caseback.interp.direction import pooled
from caseback.subject.chat_format import ChatFormat
from caseback.subject.site import Site
from caseback.watch.serving.counted import Counted
from caseback.watch.serving.plan import Plan, plan_for
from caseback.watch.serving.pool import Floats
from caseback.watch.serving.probes import Probe, part_of, pool_of, sites_of
from caseback.watch.serving.reading import scores_of
from caseback.watch.vllm.layers import layer_of

EXCHANGE = re.compile(r"(?<![0-9a-f])[0-9a-f]{28}(?![0-9a-f])")
SUFFIX = ".safetensors"
LOOK = 0.05
"""Seconds between two looks at the folder."""


@dataclass(frozen=True)
class Shipped:
    """What leaves the machine for one request: its tokens, and by detector a score for each; or why there is none.

    ``exchange`` is empty where the file's name holds no exchange's id.
    """

    exchange: str
    scores: Mapping[str, tuple[float, ...]]
    tokens: tuple[int, ...]
    why: str = ""


class Reader:
    """Reads files of states of ``layers``, as many and in the order that vLLM was told (``serve_arguments``)."""

    def __init__(self, probes: Sequence[Probe], layers: Sequence[int], device: torch.device) -> None:
        """Makes ready.

        Raises:
            CasebackError: a probe reads what vLLM does not give, or was not told to keep.
        """
        self.probes, self.layers, self.device = tuple(probes), tuple(layers), device
        self.places: dict[Site, int] = {}
        for site in {site for probe in probes for site in sites_of(probe)}:
            if (layer := layer_of(site)) not in self.layers:
                raise CasebackError(f"site {site} is vLLM's layer {layer}, and it keeps {list(self.layers)} only")
            self.places[site] = self.layers.index(layer)
        self.plan: Plan = plan_for(probes, device)

    def shipped(self, path: Path) -> Shipped:
        """Scores of one file; never fails."""
        found = EXCHANGE.search(path.name)
        exchange = found[0] if found else ""
        try:
            states, tokens = _states(path)
            scores = self._scores(path, states)
        except Exception as error:  # one request that cannot be read is counted, and the others go on
            return Shipped(exchange, {}, (), f"{STATES}: {type(error).__name__}: {error}"[:300])
        by_name = {probe.name: tuple(scores[:, at].tolist()) for at, probe in enumerate(self.probes)}
        return Shipped(exchange, by_name, tokens)

    def _scores(self, path: Path, states: Tensor) -> Floats:
        if states.dim() != 3 or states.shape[1] != len(self.layers):
            raise CasebackError(f"{path.name}: states of shape {[*states.shape]}, not of {len(self.layers)} layers")
        with torch.inference_mode():
            acts = {site: states[:, at].to(self.device) for site, at in self.places.items()}
            return scores_of(self.plan, acts)


def follow(folder: Path, reader: Reader, until: float = float("inf")) -> Iterator[Shipped]:
    """Scores of each file that appears in the folder, which is then deleted; until that time on the monotonic clock."""
    while time.monotonic() < until:
        found = sorted(folder.glob(f"*{SUFFIX}"))
        for path in found:
            shipped = reader.shipped(path)
            for each in (path, path.with_name(f"{path.name}.lock")):
                with suppress(FileNotFoundError):
                    each.unlink()
            yield shipped
        if not found:
            time.sleep(LOOK)


def scored(
    probe: Probe, shipped: Shipped, prompt_tokens: int, form: ChatFormat, thinking: bool, stops: Sequence[str] = ()
) -> Scored:
    """A detector's score from what was shipped. Of the reply it is over the tokens that served replies are read at:
    those behind the thinking, without marks and blanks around them (``serving.counted``).

    Args:
        prompt_tokens: Tokens of the prompt, as the answer's ``usage`` counts them.
        form: Of the model's chats, from its tokenizer.
        thinking: Whether the prompt ends with an open mark of thinking (``Prompt.thinking``).
        stops: Strings that the request named to end the reply.
    """
    if shipped.why:
        return Scored(None, shipped.why)
    part = part_of(probe)
    if part == "turn":
        return Scored(None, "where the last turn begins is not known to vLLM's worker")
    tokens = shipped.scores[probe.name]
    kept = tokens[:prompt_tokens]
    if part == "reply":
        reply = list(shipped.tokens[prompt_tokens:])
        said = Counted(form, thinking).said(reply, (*stops, *form.stops))
        kept = tuple(tokens[prompt_tokens + place] for place in said)
    if not kept:
        return Scored(None, f"vLLM gave no states of the {part}")
    if not np.isfinite(kept).all():
        return Scored(None, f"the activations that it reads {NOT_FINITE}")
    return Scored(pooled(torch.tensor(kept), pool_of(probe)), tokens=kept)


def _states(path: Path) -> tuple[Tensor, tuple[int, ...]]:
    """``[tokens, layers, width]``, and the tokens, once vLLM has written them: until then it holds a lock beside it."""
    from safetensors.torch import load

    lock = path.with_name(f"{path.name}.lock")
    with suppress(FileNotFoundError), lock.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
    tensors = load(path.read_bytes())
    if "hidden_states" not in tensors or len(tensors.get("token_ids", ())) != len(tensors["hidden_states"]):
        raise CasebackError(f"{path.name} is no file of vLLM's hidden states")
    return tensors["hidden_states"], tuple(tensors["token_ids"].tolist())
