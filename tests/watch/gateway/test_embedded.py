"""The gateway in front of a model that it serves itself: activations are read, and the policies are the same."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openai
import pytest
import torch

from caseback.cli.models import load_named
from caseback.detectors.direction import DirectionDetector
from caseback.detectors.files import detector_id, save_detector
from caseback.detectors.pattern import PatternDetector
from caseback.interp.direction import Direction, Provenance, Reading
from caseback.interp.directions.belonging import tokenizer_digest
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site
from caseback.watch.configuration import read_configuration, watching
from caseback.watch.entry import Opened
from caseback.watch.exchange import exchange_of
from caseback.watch.gateway.keys import new_key
from caseback.watch.serving.embedded import serve
from watch.gateway.conftest import Running, gateway
from watch.gateway.test_faults import until
from watch.gateway.upstream import Model

ASK = [{"role": "user", "content": "What is the capital of Texas?"}]
ALWAYS, NEVER = "threshold = -1e9", "threshold = 1e9"


@pytest.fixture(scope="module")
def subject() -> OpenSubject:
    return load_named("ref-aligned")


def detector(folder: Path, subject: OpenSubject, policy: str, threshold: str, name: str = "inner") -> str:
    """A direction that was drawn at random, in a folder, and the part of a configuration that has it watch."""
    site, vector = Site("resid_post", 1), torch.ones(subject.model.config.hidden_size)
    provenance = Provenance("mean", "drawn", 0, 1, 1, ("a",), "f", "d", (str(site),), 1.0)
    found = Direction(
        name, "harm", site, vector / vector.norm(), 1.0, 0.0, Reading("reply", "mean"), provenance, subject.digest,
        tokenizer_digest(subject),
    )  # fmt: skip
    save_detector(DirectionDetector(name, "harm", found, Reading("reply", "max")), folder / name)
    return f'\n[[detector]]\nfolder = "{name}"\npolicy = "{policy}"\n{threshold}\n'


@contextmanager
def served(folder: Path, subject: OpenSubject, more: str) -> Iterator[Running]:
    file = folder / "watch.toml"
    file.write_text(f'listen = "127.0.0.1:0"\nmodel = "ref-aligned"\n{more}\n')
    configuration = read_configuration(file)
    answers = serve(subject, [watching(each, file) for each in configuration.detectors])
    try:
        with gateway(configuration, answers) as address:
            yield Running(configuration, address, Model())
    finally:
        answers.close(10)


def text_of(stream: Sequence[Any]) -> tuple[str, str | None]:
    parts = list(stream)
    return "".join(each.choices[0].delta.content or "" for each in parts if each.choices), parts[-1].choices[
        0
    ].finish_reason


def test_it_answers_and_scores_are_for_those_who_may_see_them(tmp_path: Path, subject: OpenSubject) -> None:
    may, other = new_key(tmp_path / "keys.json", "may", scores=True), new_key(tmp_path / "keys.json", "other")
    more = detector(tmp_path, subject, "record", NEVER)
    with served(tmp_path, subject, 'keys = "keys.json"' + more) as at:
        assert [each.id for each in at.client(may).models.list()] == ["ref-aligned"]
        seen = at.client(may).chat.completions.create(model="ref-aligned", messages=ASK, max_tokens=30, temperature=0)
        unseen = at.client(other).chat.completions.create(
            model="ref-aligned", messages=ASK, max_tokens=30, temperature=0
        )
        assert "Austin" in (seen.choices[0].message.content or "")
        assert seen.choices[0].message.content == unseen.choices[0].message.content
        assert len(seen.model_extra["caseback"]["scores"]["inner"]) > 3  # type: ignore[index]
        assert not unseen.model_extra
        text, finish = text_of(
            at.client(other).chat.completions.create(
                model="ref-aligned", messages=ASK, max_tokens=30, temperature=0, stream=True
            )
        )
        assert (text, finish) == (seen.choices[0].message.content, "stop")
        with pytest.raises(openai.BadRequestError):
            at.client(other).chat.completions.create(model="ref-aligned", messages=[])
        entries = at.entries()
    assert isinstance(entries[0], Opened)
    assert entries[0].serves == subject.digest
    carried = at.carried()
    assert [each.ended for each in carried] == ["whole", "whole", "whole", "refused"]
    for each in carried[:3]:
        [said] = each.verdicts
        assert (said.detector, said.flagged, said.scored.why) == ("inner", False, "")
        assert said.digest == detector_id(watching(at.configuration.detectors[0], at.configuration.file).detector)
        assert len(said.scored.tokens) > 3
        assert exchange_of(each).prompt_tokens == (None if each.streamed else 10)


@pytest.mark.parametrize("stream", [False, True])
def test_what_is_read_inside_stops_and_holds(tmp_path: Path, subject: OpenSubject, stream: bool) -> None:
    for policy, ended in (("stop", "stopped"), ("hold", "held")):
        folder = tmp_path / policy
        folder.mkdir()
        with served(folder, subject, detector(folder, subject, policy, ALWAYS)) as at:
            if stream:
                parts = list(
                    at.client().chat.completions.create(
                        model="ref-aligned", messages=ASK, max_tokens=30, temperature=0, stream=True
                    )
                )
                text = "".join(each.choices[0].delta.content or "" for each in parts if each.choices)
                finish, extra = parts[-1].choices[0].finish_reason, parts[-1].model_extra
            else:
                made = at.client().chat.completions.create(
                    model="ref-aligned", messages=ASK, max_tokens=30, temperature=0
                )
                text, finish = made.choices[0].message.content or "", made.choices[0].finish_reason
                extra = made.model_extra
            assert finish == "content_filter"
            assert "Austin" not in text
            [carried] = at.carried()
            assert carried.ended == ended
            assert carried.verdicts[0].flagged
            if policy == "hold":
                assert extra["caseback"]["held"] == carried.id  # type: ignore[index]
                assert "Austin" in exchange_of(carried).messages[-1]["content"]
                assert len(list(at.configuration.held.iterdir())) == 1


def test_detectors_of_text_and_of_activations_together(tmp_path: Path, subject: OpenSubject) -> None:
    save_detector(PatternDetector("city", "test", ("Austin",)), tmp_path / "city")
    more = '\n[[detector]]\nfolder = "city"\npolicy = "stop"\nthreshold = 0\n' + detector(
        tmp_path, subject, "flag", ALWAYS
    )
    with served(tmp_path, subject, more) as at:
        stream = at.client().chat.completions.create(
            model="ref-aligned", messages=ASK, max_tokens=30, temperature=0, stream=True
        )
        text, finish = text_of(stream)
        assert (finish, "Austin" in text) == ("content_filter", False)
        [carried] = at.carried()
        assert carried.ended == "stopped"
        assert {each.detector: each.flagged for each in carried.verdicts} == {"city": True, "inner": True}


def test_a_client_that_leaves_ends_it_and_what_was_read_is_kept(tmp_path: Path, subject: OpenSubject) -> None:
    with served(tmp_path, subject, detector(tmp_path, subject, "flag", NEVER)) as at:
        body = [{"role": "user", "content": "Please tell me in many words how a boat is made."}]
        for _ in range(20):  # until one is caught under way: the model is small, and fast
            stream = at.client().chat.completions.create(
                model="ref-aligned", messages=body, max_tokens=400, stream=True
            )
            next(iter(stream))
            stream.close()
        until(lambda: len(at.carried()) == 20)
        left = [each for each in at.carried() if each.ended == "client left"]
        assert left
        assert {each.verdicts[0].detector for each in left if each.verdicts} == {"inner"}
