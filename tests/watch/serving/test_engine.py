"""A reply is that of ``OpenSubject.generate``, whoever else is in the batch, joins it, leaves it or breaks it."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site
from caseback.subject.subject import Sampling
from caseback.watch.serving import engine as engine_module
from caseback.watch.serving.embedded import Embedded, serve
from caseback.watch.serving.refused import RefusedError
from watch.serving.served import QUESTIONS, all_asked, asked, chat, content, direction, transcript, watching

CHATS = [[{"role": "user", "content": question}] for question in QUESTIONS]


@pytest.fixture
def embedded(subject: OpenSubject) -> Iterator[Embedded]:
    made = serve(subject)
    yield made
    made.close()


@pytest.fixture
def reading(subject: OpenSubject) -> Iterator[Embedded]:
    """One that also reads every token, so that the last step of a reply is one more."""
    made = serve(subject, [watching(direction(subject, "d", Site("resid_post", 2), "reply", "mean"))])
    yield made
    made.close()


def test_greedy_replies_are_those_of_generate_alone_and_together(subject: OpenSubject, embedded: Embedded) -> None:
    wanted = subject.generate(CHATS, Sampling(40))  # type: ignore[arg-type]
    together = all_asked(embedded, [chat(question) for question in QUESTIONS])
    alone = [all_asked(embedded, [chat(question)])[0] for question in QUESTIONS]
    assert [content(body) for _, body in together] == [reply.text for reply in wanted]
    assert [content(body) for _, body in alone] == [reply.text for reply in wanted]
    for (_, body), reply in zip(together, wanted, strict=True):
        found = json.loads(body)
        assert found["choices"][0]["finish_reason"] == reply.finish
        assert found["usage"]["completion_tokens"] == len(reply.tokens)
        assert found["usage"]["prompt_tokens"] == reply.prompt_tokens


@pytest.mark.parametrize("served", ["embedded", "reading"])
def test_each_request_draws_by_its_own_sampling_and_seed(
    subject: OpenSubject, served: str, request: pytest.FixtureRequest
) -> None:
    made: Embedded = request.getfixturevalue(served)
    ways = [(0.0, 1.0, 12), (1.0, 1.0, 40), (0.7, 0.9, 25), (1.3, 0.5, 7)]
    cases = [(question, *ways[at % 4], at) for at, question in enumerate(QUESTIONS * 2)]
    bodies = [
        chat(question, temperature=temperature, top_p=top_p, max_tokens=most, seed=seed, stop=["."] if seed % 3 else [])
        for question, temperature, top_p, most, seed in cases
    ]
    found = all_asked(made, bodies)
    for (question, temperature, top_p, most, seed), (_, body) in zip(cases, found, strict=True):
        sampling = Sampling(most, temperature, top_p, (".",) if seed % 3 else ())
        [wanted] = subject.generate([[{"role": "user", "content": question}]], sampling, seeds=[seed])
        choice = json.loads(body)["choices"][0]
        assert choice["message"]["content"] == wanted.text
        assert choice["message"].get("reasoning_content", "") == wanted.thinking
        assert choice["finish_reason"] == wanted.finish


def test_requests_that_come_while_others_are_answered_change_nothing(subject: OpenSubject, reading: Embedded) -> None:
    """Some wait for the first tokens of others, so they join, leave and take places at many times."""
    wanted = subject.generate(CHATS * 3, Sampling(40), seeds=[0] * 24)  # type: ignore[arg-type]

    async def run() -> list[str]:
        async def later(at: int) -> str:
            await asyncio.sleep(0.02 * (at % 7) + 0.005 * at)
            return content((await asked(reading, chat(QUESTIONS[at % 8])))[1])

        return await asyncio.gather(*map(later, range(24)))

    assert asyncio.run(run()) == [reply.text for reply in wanted]


def test_a_long_prompt_is_taken_in_pieces_and_answered_the_same(
    subject: OpenSubject, embedded: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded.engine.piece = 16
    long = " ".join(QUESTIONS)
    assert subject.count_tokens(long) > 48
    [wanted] = subject.generate([[{"role": "user", "content": long}]], Sampling(40))
    found = all_asked(embedded, [chat(long), *(chat(question) for question in QUESTIONS[:3])])
    assert content(found[0][1]) == wanted.text


def test_replies_of_other_architectures_are_those_of_generate(tmp_path: Any) -> None:
    """Sliding windows, absolute positions, and a reply that is as long as the context lets it be."""
    from caseback.subject.load import load
    from models_for_tests import save_tiny

    for architecture in ("gpt2", "mistral", "gemma3"):
        tiny = load(str(save_tiny(tmp_path / architecture, architecture)))
        wanted = tiny.generate(CHATS[:4], Sampling(60))  # type: ignore[arg-type]
        made = serve(tiny)
        try:
            found = all_asked(made, [chat(question, max_tokens=60) for question in QUESTIONS[:4]])
        finally:
            made.close()
        assert [content(body) for _, body in found] == [reply.text for reply in wanted]


def test_a_client_that_leaves_frees_its_place_and_the_others_go_on(subject: OpenSubject, embedded: Embedded) -> None:
    [wanted] = subject.generate([CHATS[0]], Sampling(40))  # type: ignore[list-item]

    async def run() -> str:
        stream = await embedded.chat(chat(QUESTIONS[5], max_tokens=900, temperature=1, stream=True), "a")
        waits = asyncio.create_task(embedded.chat(chat(QUESTIONS[5], max_tokens=900, temperature=1), "b"))
        await stream.read()
        other = asyncio.create_task(asked(embedded, chat(QUESTIONS[0])))
        await asyncio.sleep(0)
        stream.close()
        waits.cancel()
        said = content((await other)[1])
        while embedded.engine.load().answered:
            await asyncio.sleep(0.01)
        assert not embedded.tickets.by_seat
        return said

    before = embedded.engine.tokens
    assert asyncio.run(asyncio.wait_for(run(), 60)) == wanted.text
    assert embedded.engine.tokens - before < 900


def test_too_many_that_wait_are_told_so(subject: OpenSubject) -> None:
    made = serve(subject, waiting=2)

    async def run() -> list[Any]:
        bodies = [chat(question, max_tokens=5) for question in QUESTIONS]
        return await asyncio.gather(*(made.chat(body, "x") for body in bodies), return_exceptions=True)

    try:
        made.engine.most_waiting = 0  # so that it does not hang on how fast they are taken in
        found = asyncio.run(run())
        assert all(isinstance(each, RefusedError) and each.status == 503 for each in found)
        made.engine.most_waiting = 2
        assert content(all_asked(made, [chat(QUESTIONS[0])])[0][1])
    finally:
        made.close()
    with pytest.raises(RefusedError, match="shutting down"):
        all_asked(made, [chat(QUESTIONS[0])])


def test_a_step_that_fails_ends_only_the_request_at_fault(
    subject: OpenSubject, embedded: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that raises whenever one certain request is among those that it computes."""
    wanted = subject.generate(CHATS[:4], Sampling(40))  # type: ignore[arg-type]
    forward = subject.model.forward

    def fails(*args: Any, **given: Any) -> Any:
        ids = given["input_ids"]
        if ids.shape[1] == 1 and any(seat is not None and "zebra" in seat.sampling.stop for seat in broken()):
            raise RuntimeError("out of memory")
        return forward(*args, **given)

    def broken() -> list[Any]:
        return [*embedded.engine.batch.seats, *retried]

    retried: list[Any] = []
    alone = engine_module.Batch

    class Seen(alone):  # type: ignore[misc, valid-type]  # lets the failing model see who is retried
        def admit(self, seats: Any, cache: Any) -> None:
            if self is not embedded.engine.batch:
                retried[:] = seats
            super().admit(seats, cache)

        def leave(self) -> Any:
            retried.clear()
            return super().leave()

    monkeypatch.setattr(engine_module, "Batch", Seen)
    monkeypatch.setattr(subject.model, "forward", fails)

    async def run() -> list[Any]:
        bodies = [chat(question) for question in QUESTIONS[:4]] + [chat("Hello", stop=["zebra"])]
        return await asyncio.gather(*(asked(embedded, body) for body in bodies), return_exceptions=True)

    found = asyncio.run(run())
    assert [content(body) for _, body in found[:4]] == [reply.text for reply in wanted]
    assert isinstance(found[4], RefusedError)
    assert found[4].status == 500
    assert "out of memory" in found[4].message


def test_logits_that_are_no_numbers_end_their_request_alone(
    subject: OpenSubject, embedded: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    from caseback.watch.serving import step

    [wanted] = subject.generate([CHATS[0]], Sampling(40))  # type: ignore[list-item]
    draw = step.draw

    def spoilt(logits: torch.Tensor, temperature: float, top_p: float, uniforms: torch.Tensor) -> Any:
        return draw(logits * float("nan") if temperature == 1.5 else logits, temperature, top_p, uniforms)

    monkeypatch.setattr(step, "draw", spoilt)

    async def run() -> list[Any]:
        bodies = [chat(QUESTIONS[0]), chat(QUESTIONS[1], temperature=1.5)]
        return await asyncio.gather(*(asked(embedded, body) for body in bodies), return_exceptions=True)

    found = asyncio.run(run())
    assert content(found[0][1]) == wanted.text
    assert isinstance(found[1], RefusedError)
    assert "not finite" in found[1].message


def test_an_architecture_that_takes_no_unequal_rows_is_refused(tmp_path: Any) -> None:
    """Frequencies that are chosen by the longest row would make a reply hang on who else is in the batch."""
    from caseback.errors import CasebackError
    from caseback.subject.load import load
    from models_for_tests import save_tiny

    tiny = load(str(save_tiny(tmp_path / "tiny")))
    scaled = {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 1e4, "original_max_position_embeddings": 64}
    tiny.model.config.rope_parameters = scaled
    with pytest.raises(CasebackError, match="takes no unequal rows"):
        serve(tiny)


def test_a_prompt_that_ends_its_reply_does_not_disturb_those_beside_it(
    subject: OpenSubject, caplog: pytest.LogCaptureFixture
) -> None:
    stops = direction(subject, "d", Site("resid_post", 2), "prompt", "max")
    scores = [found.score or 0.0 for found in stops.scores([transcript(each, "x") for each in QUESTIONS], subject)]
    made = serve(subject, [watching(stops, "stop", sum(sorted(scores)[3:5]) / 2)])
    try:
        found = all_asked(made, [chat(question) for question in QUESTIONS * 2])
    finally:
        made.close()
    assert [answer.ended for answer, _ in found].count("stopped") == 8
    assert "a step failed" not in caplog.text


def test_a_step_that_breaks_between_prompt_and_batch_leaves_nobody_waiting(
    subject: OpenSubject, embedded: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*given: Any) -> None:
        raise RuntimeError("no room left")

    monkeypatch.setattr(embedded.engine.batch, "admit", fails)

    async def run() -> Any:
        return await asyncio.wait_for(asyncio.gather(asked(embedded, chat("Hello")), return_exceptions=True), 20)

    [found] = asyncio.run(run())
    assert isinstance(found, RefusedError)
    assert "no room left" in found.message
    embedded.engine.thread.join(10)
    with pytest.raises(RefusedError, match="no room left"):
        all_asked(embedded, [chat("Hello")])


def test_an_engine_that_cannot_begin_says_why(subject: OpenSubject, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*given: Any) -> None:
        raise RuntimeError("the driver is too old")

    monkeypatch.setattr(engine_module, "prefill", fails)
    with pytest.raises(RuntimeError, match="the driver is too old"):
        serve(subject)


def test_closing_ends_a_long_prompt_too(subject: OpenSubject, monkeypatch: pytest.MonkeyPatch) -> None:
    made = serve(subject)
    made.engine.piece = 1

    async def run() -> Any:
        going = asyncio.create_task(made.chat(chat(" ".join(QUESTIONS * 3), max_tokens=500, temperature=1.5), "x"))
        while made.engine.long is None:
            await asyncio.sleep(0.001)
        await asyncio.to_thread(made.close, 0.0)
        return await asyncio.wait_for(asyncio.gather(going, return_exceptions=True), 30)

    [found] = asyncio.run(run())
    assert isinstance(found, RefusedError)
    assert "shut down" in found.message
