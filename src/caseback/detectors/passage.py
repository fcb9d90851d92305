"""A direction that finds a short bad passage in a long reply.

A direction fitted on the mean of whole short replies drowns where one bad sentence stands among twenty good ones, and
its token scores cry wolf there: it never had to tell the tokens of a bad reply from those of ordinary talk. Here it has
to. Bad replies are set among ordinary ones, and it is fitted on single tokens, those of the passage against those
around it (probes on tokens: Marks and Tegmark 2023, arXiv 2310.06824; Goldowsky-Dill et al. 2025, arXiv 2502.03407).
"""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import torch

from caseback.chat import Message
from caseback.detectors.direction import DirectionDetector
from caseback.detectors.furthest import furthest
from caseback.detectors.reading import read_activations
from caseback.detectors.transcript import Transcript, transcript_of
from caseback.errors import CasebackError
from caseback.interp.direction import Reading
from caseback.interp.directions.choose import Named, Split, fit_direction
from caseback.interp.directions.examples import Example
from caseback.interp.part import Pool
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site

AROUND, INSIDE, OUTSIDE = (5, 12), 40, 12
"""Ordinary exchanges around a passage; tokens that are taken of the passage, and of what is around it, at most."""
POOLS: tuple[Pool, ...] = ("rolling", "max")


def among(each: Transcript, ordinary: Sequence[Transcript], rng: random.Random) -> tuple[Transcript, range]:
    """Its last request and reply among ordinary ones, in one message each; and the reply's place, in characters.

    Raises:
        CasebackError: it, or what is drawn of the ordinary, does not end in a request and a reply.
    """
    drawn = [_ending(one) for one in rng.sample(list(ordinary), min(len(ordinary), rng.randint(*AROUND)))]
    asked, replied = _ending(each)
    at = rng.randint(0, len(drawn))
    requests = [*(request for request, _ in drawn[:at]), asked, *(request for request, _ in drawn[at:])]
    before = "".join(reply + "\n" for _, reply in drawn[:at])
    whole = before + "\n".join([replied, *(reply for _, reply in drawn[at:])])
    messages = [
        *each.messages[:-2],
        {"role": "user", "content": "\n".join(requests)},
        {"role": "assistant", "content": whole},
    ]
    made = transcript_of({"messages": messages, "label": each.label, "family": each.family})
    return made, range(len(before), len(before) + len(replied))


def _ending(each: Transcript) -> tuple[str, str]:
    if len(each.messages) < 2 or each.reply is None or each.messages[-2]["role"] != "user":
        raise CasebackError(f"a transcript of family {each.family!r:.60} does not end in a request and a reply to it")
    return str(each.messages[-2]["content"]), str(each.reply["content"])


def passage_directions(
    subject: OpenSubject,
    named: Named,
    fit: Sequence[Transcript],
    dev: Sequence[Transcript],
    ordinary: Sequence[Transcript],
    sites: Sequence[Site],
    how: str = "logistic",
    seed: int = 0,
) -> list[DirectionDetector]:
    """For each site the direction that tells tokens of bad replies from all others, set among ordinary talk.

    Args:
        subject: The model that is read.
        named: Of the direction.
        fit: Short labelled transcripts: in those that do not show the behaviour every token is a negative.
        dev: Others, of other families, on which the strength of the penalty is chosen and thresholds are set.
        ordinary: Exchanges in which nothing is bad, to set them among.
        sites: To read at.
        how: A method of ``interp.directions.fit``.
        seed: Of what is drawn.

    Raises:
        CasebackError: a class is missing, a transcript cannot be set among others, activations that do not differ.
    """
    sides = [
        _tokens(subject, rows, ordinary, sites, random.Random(f"{seed} {at}")) for at, rows in enumerate((fit, dev))
    ]
    reading = Reading("reply", "mean")
    made = []
    for k, site in enumerate(sites):
        own = [replace(side, acts=side.acts[:, [k]]) for side in sides]
        direction = fit_direction(subject, named, how, [(site, reading)], own[0], own[1], seed)
        made.append(DirectionDetector(named.name, named.about, direction, Reading("reply", "rolling")))
    return made


def furthest_in_talk(
    made: Sequence[DirectionDetector], dev: Sequence[Transcript], ordinary: Sequence[Transcript], subject: OpenSubject,
    seed: int = 0,
) -> DirectionDetector:  # fmt: skip
    """Of ``passage_directions`` that, and of the pools that, by which bad replies of ``dev`` among ordinary talk lie
    furthest above ordinary talk alone.

    Raises:
        CasebackError: a class has nothing that can be read.
    """
    rng = random.Random(f"{seed} choice")
    bad = [among(each, ordinary, rng)[0] for each in dev if each.label]
    clean = [among(each, ordinary, rng)[0] for each in ordinary]
    return furthest(made, POOLS, bad, clean, subject)


def _tokens(
    subject: OpenSubject, rows: Sequence[Transcript], ordinary: Sequence[Transcript], sites: Sequence[Site],
    rng: random.Random,
) -> Split:  # fmt: skip
    """One example for each token that is taken, and its activations ``[tokens, sites, d]``."""
    placed = [among(each, ordinary, rng) for each in rows]
    examples: list[Example] = []
    taken: list[torch.Tensor] = []
    read = read_activations(subject, [each for each, _ in placed], sites, "reply")
    for (each, passage), acts in zip(placed, read, strict=True):
        if isinstance(acts, str):
            continue
        act_TKD = torch.stack([acts[site].flatten(1) for site in sites], 1).float().cpu()
        inside = [n for n in _within(subject, each, passage, len(act_TKD)) if each.label]
        outside = sorted(set(range(len(act_TKD))) - set(inside))
        kept = [*rng.sample(inside, min(INSIDE, len(inside))), *rng.sample(outside, min(OUTSIDE, len(outside)))]
        chat = cast(tuple[Message, ...], each.messages[:-1])
        marked = set(inside)
        examples += [Example(chat, n in marked, each.family, str(each.messages[-1]["content"])) for n in kept]
        taken.append(act_TKD[kept])
    if not taken:
        raise CasebackError("no transcript can be read by the model: there is nothing to fit a direction on")
    return Split(examples, torch.cat(taken))


def _within(subject: OpenSubject, each: Transcript, passage: range, tokens: int) -> list[int]:
    """Numbers of the reply's tokens that lie wholly in the passage."""
    text = str(each.messages[-1]["content"])
    spans = subject.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    return [n for n, (start, stop) in enumerate(spans[:tokens]) if passage.start <= start < stop <= passage.stop]
