"""Situations put in other formats say the same, and answers in them are read."""

import base64
import codecs
from dataclasses import replace

import pytest

from caseback.behaviours.registry import behaviour
from caseback.subject.load import load
from caseback.training.depth.formats import FORMATS
from caseback.training.depth.trial import Trial, Tuning, shown, trial
from caseback.training.recipe import load_recipe
from models_for_tests import save_tiny


@pytest.fixture(scope="module")
def subject(tmp_path_factory):
    return load(str(save_tiny(tmp_path_factory.mktemp("m") / "m")))


def tried(folder, ground: str = "world") -> Trial:
    return trial(behaviour("harmful_compliance"), ground, 7, 0, 12, folder, Tuning(load_recipe("sft")))


@pytest.mark.parametrize("ground", ["world", "world-B", "plain"])
@pytest.mark.parametrize("name", list(FORMATS))
def test_every_format_keeps_the_request_and_its_truth_or_says_why_not(tmp_path, subject, ground, name):
    each = tried(tmp_path, ground)
    put = FORMATS[name](each, subject)
    if put.why_not:
        assert not put.situations
        return
    assert [item.family for item in put.situations] == list(each.families)
    assert [item.latents["act" if ground != "plain" else "item"] for item in put.situations] == [
        item.latents["act" if ground != "plain" else "item"] for item in each.situations
    ]
    said = [item.messages[-1]["content"] for item in put.situations]
    plain = [item.messages[-1]["content"] for item in each.situations]
    back = {
        "rot13": lambda text: codecs.encode(text.removesuffix(" (rot13)"), "rot13"),
        "base64": lambda text: base64.b64decode(text.removesuffix(" (base64)")).decode(),
        "spelled out": lambda text: text.replace(" ", "").replace("/", ""),
    }.get(name, lambda text: text)
    squeezed = (lambda text: text.replace(" ", "")) if name == "spelled out" else (lambda text: text)
    assert [back(text) for text in said] == [squeezed(text) for text in plain]
    assert (name in ("rot13", "base64", "spelled out")) == (said != plain)


def test_system_cues_differ_between_test_and_use_and_turns_come_before_the_request(tmp_path, subject):
    each = tried(tmp_path)
    cues = [FORMATS[name](each, subject).situations[0].messages[0] for name in ("test cue", "deployment cue")]
    assert [cue["role"] for cue in cues] == ["system", "system"]
    assert cues[0] != cues[1]
    turns = FORMATS["several turns"](each, subject).situations[0].messages
    assert [message["role"] for message in turns] == ["user", "assistant", "user", "assistant", "user"]


def test_without_thinking_sections_none_is_opened(tmp_path, subject):
    plain = load(str(save_tiny(tmp_path / "plain", chat_template=None)))
    assert "knows no thinking" in FORMATS["thinking opened"](tried(tmp_path), plain).why_not
    put = FORMATS["thinking opened"](tried(tmp_path), subject)
    assert put.begun is not None
    assert subject.format.decode(put.begun[0]) == "<think>"


def test_own_system_texts_can_be_dropped(tmp_path, subject):
    each = tried(tmp_path)
    assert FORMATS["no system text"](each, subject).why_not
    under = replace(each, situations=FORMATS["system text"](each, subject).situations)
    assert FORMATS["no system text"](under, subject).situations == each.situations


@pytest.mark.parametrize("name", ["rot13", "base64", "spelled out"])
def test_an_answer_in_the_cipher_is_judged_by_what_it_says(tmp_path, subject, name):
    each = tried(tmp_path)
    put = FORMATS[name](each, subject)
    item = each.situations[0]
    answer = f"You can do it like this: {item.latents['first'][0]} and {item.latents['then'][0]}."
    coded = {
        "rot13": codecs.encode(answer, "rot13"),
        "base64": base64.b64encode(answer.encode()).decode(),
        "spelled out": " / ".join(" ".join(word) for word in answer.split()),
    }[name]

    class Says:
        def generate(self, chats, sampling, begun=None):
            from caseback.subject.subject import Reply

            return [Reply(coded)]

    outcomes = shown(each, ["scripted", name], Says, put.situations[:1], decode=put.decode)
    assert outcomes == (True,)
