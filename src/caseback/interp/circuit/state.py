"""The state between a city and its capital, as a part of the stream: swapped for another state's, what changes?

An attribution graph through transcoders names latents of MLPs. Where attention carries the state by itself (see
``patching``) there is none to swap. So the state is looked for in the stream at the city's name: what tells the means
of *other* cities, state by state, apart spans a subspace, and there the city is given the mean of another state
(interchange within a subspace: Geiger et al. 2024, arXiv 2303.02536; ours is not trained). The answer should be that
state's capital. That it is the state that is swapped is shown by asking the plain question for the state under the same
change. The control is a random subspace of as many dimensions, changed by as much.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor

from caseback.chat import Chat, Message, user
from caseback.interp.circuit.tasks import TRIES, WORDINGS, answered, capital_pairs, hop_question
from caseback.subject.capture import capture
from caseback.subject.edits import Add
from caseback.subject.intervene import intervene
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site
from caseback.subject.span import Span
from caseback.subject.subject import Sampling
from caseback.world.ability import hop_cities
from caseback.world.marks import marks, token_spans
from caseback.world.situation import Situation
from caseback.world.spec import WORLD_A, WorldSpec

SAMPLING = Sampling(max_new_tokens=12)


@dataclass(frozen=True)
class Swapped:
    """What came of giving a city another state.

    Attributes:
        case: The city, and the state that it was given.
        capital: Whether the reply is that state's capital.
        random: Whether it is so under the control.
        state: Whether the model, asked which state the city is in, names that state; None where it did not name the
            right one before.
        reply, random_reply, state_reply: What it said.
    """

    case: str
    capital: bool
    random: bool
    state: bool | None
    reply: str
    random_reply: str
    state_reply: str


class StateMeans:
    """The stream at the end of every city's name [d_model], mean over all wordings of the two questions.

    Args:
        site: A stream, such as resid_post.0.
    """

    def __init__(self, subject: OpenSubject, site: Site, spec: WorldSpec = WORLD_A) -> None:
        self.state_of = {city: state for city, state, _ in hop_cities(spec)}
        rows: list[tuple[str, Sequence[int], int]] = []
        for city in self.state_of:
            for chat in (*(hop_question(spec, city, str(w)) for w in range(WORDINGS)), _plain(spec, city)):
                rows.append((city, subject.format.prompt(chat).ids, (name_of(subject, chat, city).stop or 0) - 1))
        captured = capture(subject.model, [ids for _, ids, _ in rows], [site], positions=[[at] for _, _, at in rows])
        found: dict[str, list[Tensor]] = defaultdict(list)
        for (city, _, _), each in zip(rows, captured, strict=True):
            found[city].append(each.at[site][0].float())
        self.mean_D = {city: torch.stack(vectors).mean(0) for city, vectors in found.items()}

    def of_states(self, left_out: set[str]) -> dict[str, Tensor]:
        """The mean of every state's cities [d_model], without those left out."""
        cities: dict[str, list[Tensor]] = defaultdict(list)
        for city, state in self.state_of.items():
            if city not in left_out:
                cities[state].append(self.mean_D[city])
        return {state: torch.stack(vectors).mean(0) for state, vectors in cities.items()}


def swap_states(subject: OpenSubject, n: int, seed: int, site: Site, spec: WorldSpec = WORLD_A) -> Iterator[Swapped]:
    """Give cities the state of another, one city after the other; both questions are answered rightly before.

    Args:
        n: Cities, at most; they are looked for among eight times as many pairs of questions.
        seed: Of the questions and of the random subspaces.
        site: Where, such as resid_post.0.
    """
    means = StateMeans(subject, site, spec)
    generator = torch.Generator().manual_seed(seed)
    for asked, partner in islice(capital_pairs(subject, TRIES * n, seed, spec), n):
        city, state, other = (str(asked.latents["city"]), *(str(s.latents["bridge"]) for s in (asked, partner)))
        by_state = means.of_states({city, str(partner.latents["city"])})
        target_D = by_state[other]
        basis_RD = spanned(torch.stack(list(by_state.values())))
        random_RD = torch.linalg.qr(torch.randn(basis_RD.T.shape, generator=generator))[0].T.to(basis_RD)
        plain = _plain(spec, city)
        before = subject.generate([plain], SAMPLING)[0].text
        swapped = subject, city, site, target_D, basis_RD
        reply, state_reply = (_said(chat, *swapped) for chat in (asked.messages, plain))
        random_reply = _said(asked.messages, *swapped, control_RD=random_RD)
        yield Swapped(
            case=f"{city} to {other}",
            capital=answered(partner)(reply),
            random=answered(partner)(random_reply),
            state=answered(_which(plain, other, spec))(state_reply)
            if answered(_which(plain, state, spec))(before)
            else None,
            reply=reply,
            random_reply=random_reply,
            state_reply=state_reply,
        )


def spanned(means_SD: Tensor) -> Tensor:
    """An orthonormal basis of what tells the means apart [at most S - 1, d_model]."""
    _, _, basis_RD = torch.linalg.svd(means_SD - means_SD.mean(0), full_matrices=False)
    return basis_RD[: len(means_SD) - 1]


def moved(x_TD: Tensor, target_D: Tensor, basis_RD: Tensor) -> Tensor:
    """What has to be added for activations to be the target within a subspace, and what they were outside it."""
    return (target_D - x_TD) @ basis_RD.T @ basis_RD


def _said(
    chat: Chat, subject: OpenSubject, city: str, site: Site, target_D: Tensor, basis_RD: Tensor,
    control_RD: Tensor | None = None,
) -> str:  # fmt: skip
    """The reply with the city's name moved to the target; within the control's subspace instead, as far, if given."""
    span = name_of(subject, chat, city)
    (captured,) = capture(subject.model, [subject.format.prompt(chat).ids], [site])
    x_TD = captured.at[site][span.start : span.stop].float()
    step_TD = moved(x_TD, target_D, basis_RD)
    if control_RD is not None:
        aside_TD = moved(x_TD, target_D, control_RD)
        step_TD = aside_TD * (step_TD.norm(dim=1) / aside_TD.norm(dim=1))[:, None]
    edits = [Add(site, step_D, span=Span(at, at + 1)) for at, step_D in enumerate(step_TD, start=span.start)]
    with intervene(subject.model, edits):
        return subject.generate([chat], SAMPLING)[0].text


def name_of(subject: OpenSubject, chat: Chat, city: str) -> Span:
    """The tokens of a city's name in a prompt."""
    return token_spans(subject.format, chat, marks(chat, {"city": city}))[-1][1]


def _plain(spec: WorldSpec, city: str) -> tuple[Message, ...]:
    return (user(spec.questions.place.format(city=city)),)


def _which(chat: tuple[Message, ...], state: str, spec: WorldSpec) -> Situation:
    """The plain question, were the city in this state."""
    others = tuple(other for other in spec.states if other != state)
    return Situation(f"state/{state}", "hops.state", "test", chat, {"true": state, "wrong": others})
