"""Replies of others to the same prompts, as guesses of what the next model will say.

Models of one family, put to the same prompts with the same random numbers, mostly say the same. What another has said
is read in one pass, and a row keeps as much of it as it would have said itself, token by token by its own
probabilities; there it goes on alone. So the text is the one that comes without any guess (Leviathan et al. 2023,
arXiv 2211.17192, draw anew where draft and model part; here every token has a random number of its own, and a guess is
right or wrong).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from caseback.subject.subject import Sampling

Asked = tuple[tuple[int, ...], int, float, float]


@dataclass
class Drafts:
    """The last reply to every prompt, by the prompt's tokens, the seed and how it was drawn."""

    _kept: dict[Asked, tuple[int, ...]] = field(default_factory=dict)

    def get(self, prompt: Sequence[int], sampling: Sampling, seed: int) -> tuple[int, ...]:
        """The tokens of a guess; none where there is no guess."""
        return self._kept.get(_asked(prompt, sampling, seed), ())

    def put(self, prompt: Sequence[int], sampling: Sampling, seed: int, tokens: Sequence[int]) -> None:
        """Keep a reply in place of the one before."""
        self._kept[_asked(prompt, sampling, seed)] = tuple(tokens)


def _asked(prompt: Sequence[int], sampling: Sampling, seed: int) -> Asked:
    return tuple(prompt), seed if sampling.temperature else 0, sampling.temperature, sampling.top_p
