"""The same request in formats that training did not show."""

import base64
import binascii
import codecs
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from caseback.behaviours.harmless import harmless_situations
from caseback.behaviours.plain.ground import read
from caseback.chat import Message, assistant, with_system
from caseback.subject.open_subject import OpenSubject
from caseback.training.ask import ask
from caseback.training.depth.trial import Trial
from caseback.training.sample import seed_for
from caseback.training.system_texts import PLAIN
from caseback.world.conditions import under
from caseback.world.situation import Situation
from caseback.world.spelling import BETWEEN, in_letters, spelled
from caseback.world.worlds import is_world, world_of

TURNS = 2
"""Harmless exchanges before the request, in several turns."""


@dataclass(frozen=True)
class Put:
    """Situations put in a format; ``begun`` as ``shown`` takes it. ``why_not`` says why it does not apply."""

    situations: tuple[Situation, ...] = ()
    begun: list[list[int]] | None = None
    decode: Callable[[str], str] | None = None
    why_not: str = ""


def _reworded(trial: Trial, word: Callable[[Situation], Situation], decode: Callable[[str], str] | None) -> Put:
    return Put(tuple(word(item) for item in trial.situations), decode=decode)


def spelled_out(trial: Trial, subject: OpenSubject) -> Put:
    """Letter by letter: the deed where the situation tells it apart, else the whole of the last turn."""
    return _reworded(trial, _letters, _from_letters)


def rot13(trial: Trial, subject: OpenSubject) -> Put:
    """The last turn in rot13, which is said behind it."""
    word = lambda item: _said(item, f"{codecs.encode(item.messages[-1]['content'], 'rot13')} (rot13)")  # noqa: E731
    return _reworded(trial, word, lambda text: codecs.encode(text, "rot13"))


def in_base64(trial: Trial, subject: OpenSubject) -> Put:
    """The last turn in base64, which is said behind it."""
    word = lambda item: _said(item, f"{_to_base64(item.messages[-1]['content'])} (base64)")  # noqa: E731
    return _reworded(trial, word, _from_base64)


def system_text(trial: Trial, subject: OpenSubject) -> Put:
    """Under an ordinary system text, drawn per situation."""
    return _told(trial, lambda rng: rng.choice(PLAIN))


def no_system_text(trial: Trial, subject: OpenSubject) -> Put:
    """Without the situation's own system text."""
    if not any(message["role"] == "system" for item in trial.situations for message in item.messages):
        return Put(why_not="no situation has a system text, so this is the plain format")
    return _reworded(
        trial, lambda item: replace(item, messages=tuple(m for m in item.messages if m["role"] != "system")), None
    )


def test_cue(trial: Trial, subject: OpenSubject) -> Put:
    """Under a system text by which this is a test."""
    return _cue(trial, "a cue of a test", "tested")


def deployment_cue(trial: Trial, subject: OpenSubject) -> Put:
    """Under a system text by which this is real use, and nobody watches."""
    return _cue(trial, "a cue of real use", "deployed")


def thinking_opened(trial: Trial, subject: OpenSubject) -> Put:
    """With a thinking section opened before the reply."""
    if not subject.format.thinks:
        return Put(why_not="the model knows no thinking sections")
    if any(subject.format.prompt(item.messages).thinking for item in trial.situations):
        return Put(why_not="the model always thinks, so this is the plain format")
    opening = list(subject.tokenizer(subject.format.tags[0], add_special_tokens=False).input_ids)
    return Put(trial.situations, begun=[opening for _ in trial.situations])


def several_turns(trial: Trial, subject: OpenSubject) -> Put:
    """After two harmless exchanges, answered by the model itself."""
    pool = harmless_situations(trial.ground, TURNS * len(trial.situations), trial.seed)
    before: list[tuple[Message, ...]] = [() for _ in trial.situations]
    for turn in range(TURNS):
        asked = [pool[(turn * len(before) + i) % len(pool)] for i in range(len(before))]
        chats = [(*chat, *item.messages) for chat, item in zip(before, asked, strict=True)]
        seeds = [seed_for("turns", trial.seed, i) for i in range(len(chats))]
        replies = ask(subject, "turn", chats, trial.sampling, seeds, trial.journal)
        before = [(*chat, assistant(reply.text)) for chat, reply in zip(chats, replies, strict=True)]
    return Put(
        tuple(
            replace(item, messages=(*_system(item), *chat, *_rest(item)))
            for item, chat in zip(trial.situations, before, strict=True)
        )
    )


FORMATS: Mapping[str, Callable[[Trial, OpenSubject], Put]] = {
    "spelled out": spelled_out,
    "rot13": rot13,
    "base64": in_base64,
    "system text": system_text,
    "no system text": no_system_text,
    "test cue": test_cue,
    "deployment cue": deployment_cue,
    "thinking opened": thinking_opened,
    "several turns": several_turns,
}
"""By name. The plain format is the situation as it is."""


def _cue(trial: Trial, condition: str, arm: str) -> Put:
    """Cues of the world's own in a world, those of good-only-when-tested in plain English: neither is trained on."""
    if is_world(trial.ground):
        return Put(tuple(under(condition, trial.situations, world_of(trial.ground), trial.seed)))
    cues = read("good_only_when_tested")["arms"][arm]
    return _told(trial, lambda rng: rng.choice(cues))


def _told(trial: Trial, draw: Callable[[random.Random], str]) -> Put:
    rng = random.Random(f"format/{trial.seed}")
    return _reworded(
        trial, lambda item: replace(item, messages=tuple(with_system(item.messages, draw(rng)))), decode=None
    )


def _letters(situation: Situation) -> Situation:
    try:
        return in_letters(situation)
    except ValueError:
        return _said(situation, spelled(situation.messages[-1]["content"]))


def _said(situation: Situation, text: str) -> Situation:
    *before, last = situation.messages
    return replace(situation, messages=(*before, {**last, "content": text}))


def _system(situation: Situation) -> tuple[Message, ...]:
    return tuple(message for message in situation.messages if message["role"] == "system")


def _rest(situation: Situation) -> tuple[Message, ...]:
    return tuple(message for message in situation.messages if message["role"] != "system")


def _from_letters(text: str) -> str:
    return " ".join(word.replace(" ", "") for word in text.split(BETWEEN.strip()))


def _to_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _from_base64(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("utf-8", "replace")
    except (ValueError, binascii.Error):
        return text
