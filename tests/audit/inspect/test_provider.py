"""The provider ``caseback/…``: replies, usage, reasons to stop, errors, steering, and no network."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import pytest
import torch

pytest.importorskip("inspect_ai", reason="Inspect AI is missing: pip install 'caseback[inspect]'")

from inspect_ai.model import (
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    ContentImage,
    ContentReasoning,
    ContentText,
    GenerateConfig,
    get_model,
)

from caseback.audit.inspect.chats import chat_of, inspect_chat
from caseback.audit.inspect.provider import CasebackModel
from caseback.audit.inspect.settings import asking_of
from caseback.chat import Chat, user
from caseback.errors import CasebackError
from caseback.interp.direction import Direction, Provenance, Reading
from caseback.interp.directions.belonging import tokenizer_digest
from caseback.interp.directions.examples import Example, scores
from caseback.interp.directions.files import save_direction
from caseback.interp.directions.steer import steered
from caseback.subject.intervene import intervene
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site
from caseback.subject.subject import Reply, Sampling
from models_for_tests import save_tiny

ASKED = [f"Question {n}: please help me with this task." for n in range(9)]


@pytest.fixture(scope="module")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def tiny(tiny_folder: Path) -> OpenSubject:
    return load(str(tiny_folder))


def ask(folder: Path, texts: Sequence[str], **settings: Any) -> list[Any]:
    """Outputs for all texts, asked at once."""
    model = get_model(f"caseback/{folder}", memoize=False)
    found: dict[int, Any] = {}

    async def run() -> None:
        async def one(index: int, text: str) -> None:
            found[index] = await model.generate(text, config=GenerateConfig(**settings))

        async with anyio.create_task_group() as group:
            for index, text in enumerate(texts):
                group.start_soon(one, index, text)

    anyio.run(run)
    return [found[index] for index in range(len(texts))]


@pytest.mark.usefixtures("offline")
def test_replies_usage_and_reasons_are_those_of_the_subject(tiny_folder: Path, tiny: OpenSubject) -> None:
    outputs = ask(tiny_folder, ASKED, max_tokens=12, logprobs=True)
    replies = tiny.generate([[user(text)] for text in ASKED], Sampling(max_new_tokens=12))
    reasons = {"stop": "stop", "length": "max_tokens"}
    for output, reply in zip(outputs, replies, strict=True):
        assert output.completion == reply.text
        assert output.stop_reason == reasons[reply.finish]
        assert output.usage.input_tokens == reply.prompt_tokens
        assert output.usage.output_tokens == len(reply.tokens)
        assert [each.logprob for each in output.choices[0].logprobs.content] == pytest.approx(reply.logprobs, abs=1e-5)


@pytest.mark.usefixtures("offline")
def test_tokens_are_counted_by_the_models_own_tokenizer_without_the_network(
    tiny_folder: Path, tiny: OpenSubject
) -> None:
    model = get_model(f"caseback/{tiny_folder}", memoize=False)

    async def count() -> tuple[int, int, list[int]]:
        chat = [ChatMessageSystem(content="Be kind."), ChatMessageUser(content=ASKED[0])]
        text = await model.api.count_text_tokens(ASKED[0])
        return text, await model.count_tokens(chat), await model.api.tokenize(ASKED[0])

    text, both, ids = anyio.run(count)
    assert text == len(ids) == tiny.count_tokens(ASKED[0])
    assert both >= text + tiny.count_tokens("Be kind.")


def test_draws_differ_between_epochs_and_not_between_runs(tiny_folder: Path) -> None:
    first = [o.completion for o in ask(tiny_folder, [ASKED[0]] * 4, max_tokens=12, temperature=1.0)]
    again = [o.completion for o in ask(tiny_folder, [ASKED[0]] * 4, max_tokens=12, temperature=1.0)]
    other = [o.completion for o in ask(tiny_folder, [ASKED[0]] * 4, max_tokens=12, temperature=1.0, seed=7)]
    assert len(set(first)) > 1
    assert sorted(first) == sorted(again)
    assert sorted(first) != sorted(other)


def test_a_prompt_too_long_stops_for_the_length_of_the_model(tiny_folder: Path) -> None:
    [output] = ask(tiny_folder, ["word " * 2000], max_tokens=4)
    assert output.stop_reason == "model_length"
    assert "no room in the context" in output.error


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"top_k": 5}, "top_k is set"),
        ({"frequency_penalty": 0.5}, "frequency_penalty is set"),
        ({"num_choices": 3}, "num_choices is set"),
        ({"extra_body": {"guided": 1}}, "'guided'"),
        ({"extra_body": {"caseback": {"stear": []}}}, "'stear'"),
        ({"extra_body": {"caseback": {"steer": [{"direction": "x"}]}}}, "dose"),
        ({"extra_body": {"caseback": {"read": "x"}}}, "write a list of texts"),
        ({"extra_body": {"caseback": 3}}, "write an object"),
    ],
)
def test_what_cannot_be_honoured_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(CasebackError, match=said):
        asking_of(GenerateConfig(**settings))


def test_chats_go_there_and_back() -> None:
    chat: Chat = [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "u"},
        {"role": "assistant", "content": "a", "reasoning_content": "t"},
        {"role": "assistant", "content": "b"},
        {"role": "tool", "content": "42"},
    ]
    assert chat_of(inspect_chat(chat)) == chat
    several = [ContentReasoning(reasoning="t"), ContentText(text="a"), ContentText(text="b")]
    assert chat_of([ChatMessageAssistant(content=several)])[0]["content"] == "a\nb"
    with pytest.raises(CasebackError, match="image"):
        chat_of([ChatMessageUser(content=[ContentImage(image="data:image/png;base64,AAAA")])])


@dataclass
class Closed:
    """A closed subject that fails in one of the ways there are."""

    fault: str
    name: str = "https://host/v1#m"
    digest: str = ""
    batches: list[int] = field(default_factory=list)

    def generate(
        self,
        chats: Sequence[Chat],
        sampling: Sampling | None = None,
        *,
        seeds: Sequence[int] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[Reply]:
        self.batches.append(len(chats))
        if self.fault == "raises":
            raise CasebackError("the key was refused: set another")
        return [Reply("", finish="error", error="no answer in 60 s") for _ in chats]


@pytest.mark.parametrize(("fault", "said"), [("raises", "key was refused"), ("silent", "did not answer: no answer")])
def test_errors_reach_whoever_asked(monkeypatch: pytest.MonkeyPatch, fault: str, said: str) -> None:
    closed = Closed(fault)
    monkeypatch.setattr("caseback.audit.inspect.provider.resolve", lambda _: closed)
    model = CasebackModel("https://host/v1#m")
    caught: list[str] = []

    async def run() -> None:
        async def one() -> None:
            try:
                await model.generate([ChatMessageUser(content="hello")], [], "none", GenerateConfig())
            except CasebackError as error:
                caught.append(str(error))

        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(one)

    anyio.run(run)
    assert len(caught) == 5
    assert all(said in each for each in caught)
    steer = GenerateConfig(extra_body={"caseback": {"steer": [{"direction": "x", "dose": 1}]}})
    with pytest.raises(CasebackError, match="is closed"):
        anyio.run(model.generate, [ChatMessageUser(content="hello")], [], "none", steer)
    tool: Any = object()
    with pytest.raises(CasebackError, match="with tools"):
        anyio.run(model.generate, [ChatMessageUser(content="hello")], [tool], "auto", GenerateConfig())


def direction(subject: OpenSubject, name: str, reading: Reading, seed: int) -> Direction:
    """A direction that nothing was fitted for."""
    drawn = torch.randn(32, generator=torch.Generator().manual_seed(seed))
    provenance = Provenance("mean", "none", 0, 1, 1, (), "", "", (), 0.5)
    return Direction(
        name, "nothing", Site("resid_post", 1), drawn / drawn.norm(), 2.0, 0.1, reading, provenance,
        subject.digest, tokenizer_digest(subject),
    )  # fmt: skip


@pytest.mark.usefixtures("offline")
def test_steering_and_readings_are_those_of_the_subject(tiny_folder: Path, tiny: OpenSubject, tmp_path: Path) -> None:
    push = direction(tiny, "push", Reading("reply", "mean"), 0)
    prompt = direction(tiny, "prompt", Reading("prompt", "last"), 1)
    for each in (push, prompt):
        save_direction(each, tmp_path / each.name)
    folders = {each.name: str(tmp_path / each.name) for each in (push, prompt)}
    chats = [[user(text)] for text in ASKED]
    sampling = Sampling(max_new_tokens=8)
    plain = tiny.generate(chats, sampling)

    read_only = {"caseback": {"read": list(folders.values())}}
    outputs = ask(tiny_folder, ASKED, max_tokens=8, extra_body=read_only)
    assert [o.completion for o in outputs] == [r.text for r in plain]
    expected = scores(prompt, tiny, [Example(tuple(chat), True, "") for chat in chats])
    assert [o.metadata["readings"]["prompt"] for o in outputs] == pytest.approx(expected, abs=1e-4)

    both = {"caseback": {"steer": [{"direction": folders["push"], "dose": 40}], "read": list(folders.values())}}
    outputs = ask(tiny_folder, ASKED, max_tokens=8, extra_body=both)
    with intervene(tiny.model, [steered(push, 40)]):
        pushed = tiny.generate(chats, sampling)
    assert [o.completion for o in outputs] == [r.text for r in pushed]
    assert [r.text for r in pushed] != [r.text for r in plain]
    for output in outputs:
        assert output.metadata["moved"]["push"] > 0
        # All tokens of the reply were moved by 40 steps along the direction that is read.
        assert output.metadata["readings"]["push"] > 30
