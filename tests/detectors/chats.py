"""Transcripts, detectors and subjects to test with."""

from pathlib import Path
from typing import Any

import torch

from caseback.detectors.direction import DirectionDetector
from caseback.detectors.latent import LatentDetector, open_dictionary
from caseback.detectors.pattern import PatternDetector
from caseback.detectors.sequence import SequenceDetector, Step
from caseback.detectors.transcript import Transcript, transcript_of
from caseback.interp.dictionary.dictionary import Dictionary
from caseback.interp.dictionary.files import save
from caseback.interp.direction import Reading
from caseback.interp.part import Part, Pool
from caseback.interp.store.identity import tokenizer_digest
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site
from interp.directions.planted import unit
from interp.directions.subjects import WIDTH, direction_for

SITE = Site("resid_post", 1)


def said(asked: str, reply: str | None = None, **more: Any) -> Transcript:
    """A question, and what was answered."""
    answer = [] if reply is None else [{"role": "assistant", "content": reply}]
    return transcript_of({"messages": [{"role": "user", "content": asked}, *answer], **more})


def called(name: str, arguments: str, answer: str, number: int = 0) -> list[dict[str, Any]]:
    """A tool call and what came back."""
    call = {"id": f"c{number}", "type": "function", "function": {"name": name, "arguments": arguments}}
    return [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": f"c{number}", "content": answer},
    ]


def praise(**changes: Any) -> PatternDetector:
    return PatternDetector(**{"name": "praise", "behaviour": "sycophancy", "patterns": ("great|clever",), **changes})


def along(subject: OpenSubject, part: Part = "reply", pool: Pool = "mean") -> DirectionDetector:
    found = direction_for(subject, unit(WIDTH), SITE, step=2.5, zero=-0.4)
    return DirectionDetector("along", "harm", found, Reading(part, pool))


def dictionary_for(subject: OpenSubject, folder: Path, seed: int = 0, threshold: float | None = None) -> Path:
    """TopK, or with a threshold for every latent."""
    make = torch.Generator().manual_seed(seed)
    drawn = [torch.randn(WIDTH, 40, generator=make), torch.zeros(40), torch.randn(40, WIDTH, generator=make)]
    rule: dict[str, Any] = {"k": 8} if threshold is None else {"threshold": torch.full((40,), threshold)}
    save(
        Dictionary(
            (SITE,), (SITE,), *drawn, torch.zeros(WIDTH), **rule,
            models=(subject.digest,), tokenizer=tokenizer_digest(subject.tokenizer),
        ),
        folder,
    )  # fmt: skip
    return folder


def lit(subject: OpenSubject, folder: Path, latent: int = 7, threshold: float | None = None) -> LatentDetector:
    return LatentDetector("lit", "harm", open_dictionary(dictionary_for(subject, folder, 0, threshold)), latent)


def steps(*each: Step) -> SequenceDetector:
    return SequenceDetector("steps", "cheating", each)
