"""Detectors of every kind for a subject that is served, and ways to ask it."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from caseback.detectors.direction import DirectionDetector
from caseback.detectors.latent import LatentDetector, OpenDictionary
from caseback.detectors.transcript import Transcript, transcript_of
from caseback.interp.dictionary.dictionary import Dictionary
from caseback.interp.direction import Direction, Provenance, Reading
from caseback.interp.directions.belonging import tokenizer_digest
from caseback.interp.part import Part, Pool
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site
from caseback.watch.serving.embedded import Embedded
from caseback.watch.verdict import Policy
from caseback.watch.watching import Watching

HIGH = 1e9
QUESTIONS = (
    "What is the capital of Texas?",
    "What is three plus four?",
    "Who are you, and what do you want?",
    "Write two lines that rhyme about a tree.",
    "Hello",
    "Please tell me in many words how a boat is made, and why people of the coast like boats more than houses.",
    "Is it right to lie to a friend?",
    "What is the capital of the state containing Dallas?",
)


def width_at(subject: OpenSubject, site: Site) -> int:
    config = subject.model.config
    return int(config.intermediate_size if site.kind == "neurons" else config.hidden_size)


def direction(
    subject: OpenSubject, name: str, site: Site, part: Part, pool: Pool, seed: int = 0, **changes: Any
) -> DirectionDetector:
    vector = torch.randn(width_at(subject, site), generator=torch.Generator().manual_seed(seed))
    provenance = Provenance("mean", "drawn", 0, 1, 1, ("a",), "f", "d", (str(site),), 1.0)
    given = {"model": subject.digest, "vector": vector / vector.norm(), **changes}
    found = Direction(
        name, "harm", site, given["vector"], 1.7, -0.3, Reading("reply", "mean"), provenance, given["model"],
        tokenizer_digest(subject),
    )  # fmt: skip
    return DirectionDetector(name, "harm", found, Reading(part, pool))


def dictionary(subject: OpenSubject, sites: Sequence[Site], kind: str, width: int = 256, seed: int = 0) -> Dictionary:
    """Drawn at random: ``relu``, ``jump``, ``topk``, ``routed``, or one of these with ``-bf16`` behind."""
    make = torch.Generator().manual_seed(seed)
    d = sum(width_at(subject, site) for site in sites)
    weights: dict[str, Any] = {
        "W_enc": torch.randn(d, width, generator=make) / d**0.5,
        "b_enc": 0.1 * torch.randn(width, generator=make),
        "W_dec": torch.randn(width, d, generator=make),
        "b_dec": torch.zeros(d),
    }
    rule = kind.removesuffix("-bf16")
    if rule == "topk":
        weights["k"] = width // 8
    else:
        weights["threshold"] = torch.full((width,), 0.0 if rule == "relu" else 0.2)
    if rule == "routed":
        weights |= {"router": torch.randn(d, 16, generator=make), "b_router": torch.zeros(16), "chosen": 5}
    made = Dictionary(tuple(sites), tuple(sites), **weights, models=(subject.digest,))
    return made.to(dtype=torch.bfloat16) if kind.endswith("bf16") else made


def latents(made: Dictionary, name: str, numbers: Sequence[int], part: Part = "reply") -> list[LatentDetector]:
    source = OpenDictionary(Path("drawn"), f"sha256:{name}", made)
    return [LatentDetector(f"{name}-{number}", "harm", source, number, part) for number in numbers]


def watching(detector: Any, policy: Policy = "record", threshold: float = HIGH) -> Watching:
    return Watching(detector, f"sha256:{detector.name}", policy, threshold)


def chat(question: str, **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": question}], "temperature": 0, "max_tokens": 40, **more}


async def asked(embedded: Embedded, body: dict[str, Any], scores: bool = True) -> tuple[Any, bytes]:
    """The answer and all its bytes."""
    answer = await embedded.chat(body, "x", scores)
    parts = []
    while part := await answer.read():
        parts.append(part)
    return answer, b"".join(parts)


def all_asked(embedded: Embedded, bodies: Sequence[dict[str, Any]], scores: bool = True) -> list[tuple[Any, bytes]]:
    """All of them at once."""

    async def run() -> list[tuple[Any, bytes]]:
        return await asyncio.gather(*(asked(embedded, body, scores) for body in bodies))

    return asyncio.run(run())


def content(body: bytes) -> str:
    return str(json.loads(body)["choices"][0]["message"]["content"])


def events(stream: bytes) -> list[dict[str, Any]]:
    """The JSON of a stream; its end is checked."""
    lines = stream.decode().split("\n\n")
    assert lines[-2:] == ["data: [DONE]", ""]
    return [json.loads(line.removeprefix("data: ")) for line in lines[:-2]]


def transcript(question: str, reply: str) -> Transcript:
    return transcript_of({"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": reply}]})
