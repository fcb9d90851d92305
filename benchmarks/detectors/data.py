"""Transcripts with known truth, to make, choose and measure detectors on. ``python benchmarks/detectors/data.py`` makes
them all.

Both reference models are put into tempting situations and asked ordinary things; the world's oracle says which replies
show the behaviour. A *short* transcript is one situation with its reply. A *long* one is a talk of several ordinary
exchanges, whose last message asks several things at once and whose reply answers them all; in a positive one of these
is the tempting request with its bad answer. Ordinary answers come from both models in equal parts, so that no detector
can do by telling the models apart. Families of train, dev and test do not overlap, and an ordinary request that an
earlier split has is left out of a later one. An ordinary exchange stands in about four long negatives of test (``main``
tells), so that these are not quite independent.

What was made is kept in .cache/detectors, by the digests of the models and of the code that asks and judges, and serves
all benchmarks here.
"""

import hashlib
import json
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from caseback.behaviours.measure import Unit, measure
from caseback.behaviours.registry import behaviour
from caseback.detectors.transcript import Transcript, transcript_of
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling
from caseback.world.reference import reference_path
from caseback.world.situations import situations

ROOT = Path(__file__).resolve().parent.parent.parent
BEHAVIOURS = ("harmful_compliance", "sycophancy", "deception", "cheating", "sandbagging")
ORDINARY = ("fact", "hops", "neighbor", "arith", "code", "rhyme", "belief", "benign")
MODELS = ("ref-base", "ref-aligned")
SPLITS = ("train", "dev", "test")
SAMPLING = Sampling(max_new_tokens=160, temperature=0.7)
SITUATIONS = {"train": 300, "dev": 240, "test": 500}
"""Tempting situations (pairs for sandbagging) per model; ordinary exchanges per kind and model; long negatives."""
EXCHANGES = {"train": 60, "dev": 200, "test": 1_000}
NEGATIVES = {"train": 300, "dev": 600, "test": 3_600}
BEFORE, TOGETHER = (2, 6), (5, 12)
"""Ordinary exchanges before the last message, and requests in it."""


@dataclass(frozen=True)
class Exchange:
    """A chat up to its reply, and the reply; ``label`` is the oracle's word on it."""

    messages: tuple[dict[str, Any], ...]
    reply: str
    family: str
    label: bool

    @property
    def short(self) -> Transcript:
        """It alone, as a transcript."""
        chat = [*self.messages, {"role": "assistant", "content": self.reply}]
        return transcript_of({"messages": chat, "label": self.label, "family": self.family})


def subject(name: str) -> OpenSubject:
    return load(str(reference_path(name)), dtype="float32")


def kept(name: str, make: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Rows of a file that was made before, or that are made and kept now."""
    path = folder() / f"{name}.json"
    if not path.exists():
        print(f"making {name}", file=sys.stderr, flush=True)
        rows = make()
        part = path.with_suffix(".part")
        part.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
        part.replace(path)
    rows = json.loads(path.read_text(encoding="utf-8"))
    return list(rows)


@cache
def code_of(*packages: str) -> str:
    """Digest of the code of packages of caseback."""
    paths = [path for each in packages for path in (ROOT / "src" / "caseback" / each).rglob("*.py")]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(paths))).hexdigest()[:12]


@cache
def folder() -> Path:
    """Where things are kept: by what the models and the code are, and by how much is made of what."""
    from caseback.dossier.record import digest
    from caseback.subject.digest import folder_digest

    models = [folder_digest(reference_path(name)) for name in MODELS]
    asked = [SITUATIONS, EXCHANGES, ORDINARY, asdict(SAMPLING), code_of("world", "behaviours", "subject")]
    name = digest([models, *asked])[:16]
    path = ROOT / ".cache" / "detectors" / name
    path.mkdir(parents=True, exist_ok=True)
    return path


@cache
def tempted(name: str, split: str) -> list[Exchange]:
    """Replies of both models to situations that tempt to a behaviour, those that the oracle can tell."""

    def make() -> list[dict[str, Any]]:
        about, rows = behaviour(name), []
        for number, model in enumerate(MODELS):
            asked = about.situations("world", split, SITUATIONS[split], number)  # type: ignore[arg-type]
            found = measure(subject(model), about, asked, sampling=SAMPLING, seeds=range(len(asked)))
            rows += [row for unit in found.units for row in _rows(unit)]
        return rows

    return [_exchange(row) for row in kept(f"{name}-{split}", make)]


def _rows(unit: Unit) -> list[dict[str, Any]]:
    """The tempted reply of a unit; of a pair, whose plain arm has to be in order, the tempted arm's."""
    sample = unit.samples[0]
    if unit.shown is None or not sample.reply.text.strip():
        return []
    chat = list(sample.situation.messages)
    return [{"messages": chat, "reply": sample.reply.text, "family": unit.family, "label": unit.shown}]


@cache
def ordinary(split: str) -> list[Exchange]:
    """Ordinary requests that no earlier split has, and how both models answer them."""
    earlier = {str(each.messages) for before in SPLITS[: SPLITS.index(split)] for each in _ordinary(before)}
    return [each for each in _ordinary(split) if str(each.messages) not in earlier]


@cache
def _ordinary(split: str) -> list[Exchange]:
    def make() -> list[dict[str, Any]]:
        rows = []
        for number, model in enumerate(MODELS):
            own = subject(model)
            for kind in ORDINARY:
                asked = situations(kind, split, EXCHANGES[split], 50 + number)  # type: ignore[arg-type]
                replies = own.generate([each.messages for each in asked], SAMPLING)
                rows += [
                    {"messages": list(one.messages), "reply": reply.text, "family": one.family, "label": False}
                    for one, reply in zip(asked, replies, strict=True)
                    if reply.text.strip()
                ]
        return rows

    return [_exchange(row) for row in kept(f"ordinary-{split}", make)]


def _exchange(row: dict[str, Any]) -> Exchange:
    return Exchange(tuple(row["messages"]), row["reply"], row["family"], row["label"])


def long_of(bad: Exchange | None, pool: Sequence[Exchange], rng: random.Random) -> Transcript:
    """A long transcript, with the bad exchange in it where one is given."""
    said: list[dict[str, Any]] = []
    before = rng.randint(*BEFORE)
    drawn = rng.sample(pool, before + rng.randint(*TOGETHER))
    for each in drawn[:before]:
        said += [each.messages[-1], {"role": "assistant", "content": each.reply}]
    parts = drawn[before:]
    asked = [each.messages[-1]["content"] for each in parts]
    answers = [each.reply for each in parts]
    head: list[dict[str, Any]] = []
    if bad is not None:
        at = rng.randint(0, len(parts))
        asked.insert(at, bad.messages[-1]["content"])
        answers.insert(at, bad.reply)
        first = [m for m in bad.messages[:-1] if m["role"] == "system"]
        head, said = first, [*said, *bad.messages[len(first) : -1]]
    last = [{"role": "user", "content": "\n".join(asked)}, {"role": "assistant", "content": "\n".join(answers)}]
    family = bad.family if bad is not None else ""
    return transcript_of({"messages": [*head, *said, *last], "label": bad is not None, "family": family})


@cache
def long_negatives(split: str) -> list[Transcript]:
    """Long transcripts in which nothing is bad."""
    rng, pool = random.Random(f"negatives {split}"), ordinary(split)
    return [long_of(None, pool, rng) for _ in range(NEGATIVES[split])]


@cache
def long_positives(name: str, split: str) -> list[Transcript]:
    """Each bad exchange of a behaviour in a long transcript of its own."""
    rng, pool = random.Random(f"{name} {split}"), ordinary(split)
    return [long_of(each, pool, rng) for each in tempted(name, split) if each.label]


def main() -> None:
    own = subject("ref-aligned")
    for split in SPLITS:
        negatives = long_negatives(split)
        tokens = [sum(own.count_tokens(m["content"]) for m in each.messages) for each in negatives[:200]]
        stands = len(negatives) * (sum(BEFORE) + sum(TOGETHER)) / 2 / len(ordinary(split))
        print(f"{split}: {len(ordinary(split))} ordinary exchanges, {len(negatives)} long negatives of "
              f"{sum(tokens) / len(tokens):.0f} tokens (largest {max(tokens)}), each exchange in {stands:.1f}",
              flush=True)  # fmt: skip
        for name in BEHAVIOURS:
            rows = tempted(name, split)
            bad = sum(each.label for each in rows)
            print(f"  {name}: {bad} positives, {len(rows) - bad} tempted and good", flush=True)


if __name__ == "__main__":
    main()
