"""One prediction of a graph, tried: which latents it says carry an answer, and whether changing them changes it.

A case has a prompt and, mostly, a counterpart that differs in one thing and is answered otherwise. From the graphs of
both come the latents that speak for one answer over the other; they are set, in the prompt, to the values that they
have in the counterpart, and the reply is read. Beside it stands the control of ``swap``.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from caseback.chat import Chat
from caseback.errors import CasebackError
from caseback.interp.circuit.graph import LATENT, Graph
from caseback.interp.circuit.influence import Scores, scores, total_effects
from caseback.interp.circuit.replacement import Transcoders
from caseback.interp.circuit.swap import Active, Held, active_latents, hold, random_control, value_of
from caseback.interp.circuit.trace import trace
from caseback.stats.paired import PairedDifference, paired_difference
from caseback.stats.rate import Rate, exact_rate
from caseback.subject.edits import Add
from caseback.subject.intervene import intervene
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling

MOST = 128
"""Latents in a group, at most."""
STRENGTH = 2.0
"""How far a group is moved: 1 would be to the values in the counterpart."""


@dataclass(frozen=True)
class Case:
    """A prompt, what its answer rests on, and what would show that it does.

    Attributes:
        id: A name.
        chat: The conversation.
        begun: Tokens of the reply that stand already; the rest is generated.
        traced: Tokens of the reply up to where the graph explains the next one; ``begun`` is how it begins.
        seeds: The logits that tell the answers apart: ``{right: 1.0, other: -1.0}``, by token id.
        first, last: Tokens of the traced prompt that the group may stand at, both included.
        other: Prompt of the counterpart, whole, aligned to the traced prompt at its end; None: latents are silenced.
        of: Which latents may be in the group, by block and number; None: any.
        predicted: Whether a reply is what the prediction says.
    """

    id: str
    chat: Chat
    begun: tuple[int, ...]
    traced: tuple[int, ...]
    seeds: Mapping[int, float]
    first: int
    last: int
    predicted: Callable[[str], bool]
    other: tuple[int, ...] | None = None
    of: Callable[[int, int], bool] | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a case.

    Attributes:
        case: Its name.
        group: How many latents were changed; 0: the graph named none, which counts as not predicted.
        predicted: Whether the reply was what the graph said.
        random: Whether it was so under the control.
        reply: Under the change.
        random_reply: Under the control.
        scores: Of the prompt's graph.
    """

    case: str
    group: int
    predicted: bool
    random: bool
    reply: str
    random_reply: str
    scores: Scores


@dataclass(frozen=True)
class Verdict:
    """Rates over cases, each with its exact interval.

    Attributes:
        predicted: How often the reply was as the graph said.
        random: How often under the control.
        difference: Of the two, on the same cases.
        named: How often the graph named any latents.
        replacement, completeness: Means of the graphs' scores.
    """

    predicted: Rate
    random: Rate
    difference: PairedDifference
    named: Rate
    replacement: float
    completeness: float


def run_case(
    subject: OpenSubject,
    transcoders: Transcoders,
    case: Case,
    *,
    most: int = MOST,
    strength: float = STRENGTH,
    seed: int = 0,
    max_new_tokens: int = 48,
) -> Outcome:
    """Trace a case, change the latents that its graph names, and read the reply; the same for the control.

    Args:
        most: Latents in the group at most, those of most effect.
        strength: How far the group is moved: 1 to its values in the counterpart (or to silence), 2 as far again beyond,
            by which latents that were left out are made up for; the control moves as far.
        seed: Of the control, which also depends on the case's name.
    """
    prompt = subject.format.prompt(case.chat).ids
    ids = [*prompt, *case.traced]
    graph = trace(subject.model, ids, transcoders, targets=list(case.seeds))
    active = active_latents(subject.model, ids, transcoders)
    group = moved(choose_group(subject, transcoders, case, graph, ids, most), active, strength)
    edits = hold(subject.model, ids, transcoders, group)
    control = random_control(random.Random(f"{seed}/{case.id}"), edits, group, active, transcoders)
    sampling = Sampling(max_new_tokens=max_new_tokens)
    reply, random_reply = (_reply(subject, case, sampling, changes) for changes in (edits, control))
    return Outcome(
        case=case.id,
        group=len(group),
        predicted=bool(edits) and case.predicted(reply),
        random=bool(control) and case.predicted(random_reply),
        reply=reply,
        random_reply=random_reply,
        scores=scores(graph),
    )


def choose_group(
    subject: OpenSubject, transcoders: Transcoders, case: Case, graph: Graph, ids: Sequence[int], most: int
) -> list[Held]:
    """The latents that the graphs of a case and its counterpart say make the difference, and their values there.

    A latent counts by its total effect on the difference of logits times the share of its activation that differs.
    """
    found: dict[tuple[int, int, int], tuple[float, float]] = {}
    if case.other is None:
        for key, effect in _effects(graph, case.seeds).items():
            found[key] = (effect, 0.0)
    else:
        shift = len(case.other) - len(ids)
        there = active_latents(subject.model, case.other, transcoders)
        here = active_latents(subject.model, ids, transcoders)
        for (layer, position, latent), effect in _effects(graph, case.seeds).items():
            if position + shift >= 0:
                own, other = (value_of(a, layer, p, latent) for a, p in ((here, position), (there, position + shift)))
                found[layer, position, latent] = (effect * (own - other) / own, other)
        turned = {token: -weight for token, weight in case.seeds.items()}
        graph_there = trace(subject.model, case.other, transcoders, targets=list(case.seeds))
        for (layer, position, latent), effect in _effects(graph_there, turned).items():
            if position - shift >= 0:
                own, other = (value_of(a, layer, p, latent) for a, p in ((there, position), (here, position - shift)))
                key = layer, position - shift, latent
                gain = effect * (own - other) / own
                found[key] = (found.get(key, (0.0, own))[0] + gain, own)
    kept = [
        (gain, Held(*key, value))
        for key, (gain, value) in found.items()
        if gain > 0 and case.first <= key[1] <= case.last and (case.of is None or case.of(key[0], key[2]))
    ]
    kept.sort(key=lambda each: (-each[0], each[1]))
    return [held for _, held in kept[:most]]


def moved(group: Sequence[Held], active: Active, strength: float) -> list[Held]:
    """The group held ``strength`` times as far from where its latents are."""
    found = []
    for held in group:
        own = value_of(active, held.layer, held.position, held.latent)
        found.append(replace(held, value=own + strength * (held.value - own)))
    return found


def verdict(outcomes: Sequence[Outcome]) -> Verdict:
    """Rates over cases.

    Raises:
        CasebackError: there are none.
    """
    if not outcomes:
        raise CasebackError("no case came up that the model answers as it should, so nothing could be tried")
    n = len(outcomes)
    mine, other = [o.predicted for o in outcomes], [o.random for o in outcomes]
    return Verdict(
        predicted=exact_rate(sum(mine), n),
        random=exact_rate(sum(other), n),
        difference=paired_difference(mine, other),
        named=exact_rate(sum(o.group > 0 for o in outcomes), n),
        replacement=sum(o.scores.replacement for o in outcomes) / n,
        completeness=sum(o.scores.completeness for o in outcomes) / n,
    )


def _effects(graph: Graph, seeds: Mapping[int, float]) -> dict[tuple[int, int, int], float]:
    effects = total_effects(graph, seeds)
    at = graph.of_kind(LATENT)
    places = zip(graph.layer_N[at].tolist(), graph.position_N[at].tolist(), graph.index_N[at].tolist(), strict=True)
    return dict(zip(places, effects[at].tolist(), strict=True))


def _reply(subject: OpenSubject, case: Case, sampling: Sampling, edits: Sequence[Add]) -> str:
    begun = [list(case.begun)]
    if not edits:
        return subject.generate([case.chat], sampling, begun=begun)[0].text
    with intervene(subject.model, edits):
        return subject.generate([case.chat], sampling, begun=begun)[0].text
