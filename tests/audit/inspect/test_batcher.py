"""Gathering requests into batches."""

from collections.abc import Sequence

import pytest

pytest.importorskip("inspect_ai", reason="Inspect AI is missing: pip install 'caseback[inspect]'")

import anyio

from caseback.audit.inspect.batcher import Batcher


async def ask_all(batcher: Batcher[str, int, int], asked: Sequence[tuple[str, int]]) -> dict[int, int | str]:
    """Answers, or messages of errors, by request."""
    found: dict[int, int | str] = {}

    async def ask(key: str, request: int) -> None:
        try:
            found[request] = await batcher.ask(key, request)
        except ValueError as error:
            found[request] = str(error)

    async with anyio.create_task_group() as group:
        for key, request in asked:
            group.start_soon(ask, key, request)
    return found


def test_concurrent_requests_go_together_and_keys_apart() -> None:
    batches: list[tuple[str, int]] = []

    def answer(key: str, requests: Sequence[int]) -> list[int]:
        batches.append((key, len(requests)))
        return [request * 10 for request in requests]

    batcher = Batcher(answer, most=8)
    asked = [("a" if i % 2 else "b", i) for i in range(30)]
    for _ in range(2):  # two event loops, one batcher
        found = anyio.run(ask_all, batcher, asked)
        assert found == {i: i * 10 for i in range(30)}
    assert max(n for _, n in batches) == 8
    assert sum(n for key, n in batches if key == "a") == 30
    assert len(batches) <= 10


def test_an_error_stays_with_its_request() -> None:
    def answer(_: str, requests: Sequence[int]) -> list[int]:
        if 3 in requests:
            raise ValueError("three is refused")
        return list(requests)

    found = anyio.run(ask_all, Batcher(answer, most=64), [("", i) for i in range(6)])
    assert found == {0: 0, 1: 1, 2: 2, 3: "three is refused", 4: 4, 5: 5}


def test_one_that_is_cancelled_leaves_the_others_be() -> None:
    def answer(_: str, requests: Sequence[int]) -> list[int]:
        return list(requests)

    batcher = Batcher(answer, most=64)

    async def run() -> dict[int, int | str]:
        scope = anyio.CancelScope()

        async def first() -> None:
            with scope:
                await batcher.ask("", 99)

        async with anyio.create_task_group() as group:
            group.start_soon(first)
            await anyio.sleep(0)
            scope.cancel()
            return await ask_all(batcher, [("", i) for i in range(4)])

    assert anyio.run(run) == {i: i for i in range(4)}
    assert batcher._waiting == []
