"""A request in the batch: its row, what was read of its tokens, and what ends it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from caseback.subject.generate import Row
from caseback.subject.stops import Ends
from caseback.subject.subject import Sampling
from caseback.watch.serving.counted import Counted
from caseback.watch.serving.pool import Floats, Growing
from caseback.watch.verdict import above

Stopped = Literal["", "prompt", "reply"]


@dataclass(frozen=True, eq=False)
class Limits:
    """Thresholds of detectors that end a reply, one per probe; infinite where a probe ends none."""

    prompt: NDArray[np.float64]
    reply: NDArray[np.float64]


@dataclass(eq=False)
class Seat:
    """One request.

    Attributes:
        row: Prompt and tokens.
        sampling: How its tokens are drawn.
        ends: Tells when it is complete.
        counted: Tells which tokens detectors read.
        reply_read: Whether every token of the reply is read. It is then said once it has been read.
        prompt_from: First place of the prompt that is read; None where none is.
        limits: What ends it.
        growing: Pools over the tokens that count; None where nobody asks for them before the end.
        pools: Of ``growing``, after each token.
        prompt_scores: Of each prompt token from ``prompt_from`` on ``[tokens, probes]``.
        prompt_check: Whether those scores end the reply before it begins.
        scores: Of each token of the reply that has been read: scores where they are asked for before the end, else
            what scores are made of at the end.
        stopped: Which scores ended it.
        error: What went wrong with it.
        cancelled: Its client left.
        failed: Why its activations could not be read.
    """

    row: Row
    sampling: Sampling
    ends: Ends
    counted: Counted
    reply_read: bool
    prompt_from: int | None
    limits: Limits
    growing: Growing | None
    prompt_check: Callable[[Floats], bool] = lambda _: False
    pools: list[Floats] = field(default_factory=list)
    prompt_scores: Floats | None = None
    scores: list[Floats] = field(default_factory=list)
    stopped: Stopped = ""
    error: str = ""
    cancelled: bool = False
    failed: str = ""

    @property
    def known(self) -> int:
        """Tokens of the reply that can be said."""
        whole = self.done or not self.reply_read
        return len(self.row.tokens) if whole else len(self.scores)

    @property
    def done(self) -> bool:
        """Whether nothing more comes of it."""
        if self.error or self.stopped or self.cancelled:
            return True
        if self.row.finish is None:
            return False
        unread = self.reply_read and len(self.scores) < len(self.row.tokens)
        # The token that ends a reply is no part of it, and is not read.
        return not unread or self.row.tokens[-1] in self.ends.end_ids

    def read(self, scores: Floats, failed: str) -> None:
        """Takes in the scores of the newest token, which may end the reply, or what they are made of."""
        if len(self.scores) == len(self.row.tokens):  # a step that failed behind the reading is made again
            return
        self.failed = self.failed or failed
        self.scores.append(scores)
        # Which tokens count is looked at as they come only where somebody asks before the end.
        if self.growing is not None and self.counted.add(self.row.tokens):
            self.pools.append(self.growing.add(scores).astype(np.float32))
            if bool(above(self.pools[-1], self.limits.reply).any()):
                self.stopped = "reply"

    def read_prompt(self, parts: list[Floats]) -> None:
        """Takes in the scores of the prompt, which may end the reply before it begins."""
        self.prompt_scores = np.concatenate(parts)
        if self.prompt_check(self.prompt_scores):
            self.stopped = "prompt"
