"""A subject behind an OpenAI-compatible address: it can be talked to and nothing else."""

import asyncio
import concurrent.futures
import os
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from caseback.chat import Chat
from caseback.errors import CasebackError
from caseback.subject.closed_protocol import (
    RefusalError,
    UnansweredError,
    read_reply,
    refusal,
    request_body,
    retry_after,
)
from caseback.subject.digest import joined_digest
from caseback.subject.pace import Pace
from caseback.subject.reply_cache import ReplyCache, open_reply_cache, request_key
from caseback.subject.subject import Reply, Sampling


@dataclass
class Usage:
    """What a closed subject has been asked for so far. ``price``: dollars per million tokens, (prompt, reply)."""

    price: tuple[float, float] | None = None
    requests: int = 0
    retries: int = 0
    from_cache: int = 0
    prompt_tokens: int = 0
    reply_tokens: int = 0

    @property
    def cost(self) -> float | None:
        """Dollars, or None where no price was given."""
        if self.price is None:
            return None
        return (self.prompt_tokens * self.price[0] + self.reply_tokens * self.price[1]) / 1e6

    def __str__(self) -> str:
        cost = "" if self.cost is None else f", ${self.cost:.4f}"
        return (
            f"{self.requests} requests ({self.retries} retries), {self.from_cache} from the cache, "
            f"{self.prompt_tokens} tokens in, {self.reply_tokens} out{cost}"
        )


@dataclass
class ClosedSubject:
    """A model behind an address. Made by ``connect``, which explains the fields."""

    base_url: str
    model: str
    api_key: str = field(repr=False, default="")
    cache: str | Path | None = None
    max_concurrency: int = 8
    timeout: float = 60
    retries: int = 6
    rate_limit: float | None = None
    first_delay: float = 0.5
    usage: Usage = field(default_factory=Usage)
    dropped: set[str] = field(default_factory=set)
    """Request fields that the address has turned down."""

    @property
    def name(self) -> str:
        return f"{self.base_url}#{self.model}"

    @property
    def digest(self) -> str:
        """Digest of address and model name: nothing more is known about a closed model."""
        return joined_digest(["closed", self.base_url, self.model])

    def generate(
        self,
        chats: Sequence[Chat],
        sampling: Sampling = Sampling(),  # noqa: B008
        *,
        seeds: Sequence[int] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[Reply]:
        """One reply per chat, in order; ``finish="error"`` where the address would not answer that one.

        Raises:
            CasebackError: the address refuses in a way that no repetition mends, or never answers at all.
        """
        seeds = range(len(chats)) if seeds is None else seeds
        if len(seeds) != len(chats):
            raise CasebackError(f"{len(seeds)} seeds for {len(chats)} chats: give one each")
        bodies = [request_body(self.model, chat, sampling, seed) for chat, seed in zip(chats, seeds, strict=True)]
        return _run(_Round(self, bodies, progress).replies())


def connect(
    base_url: str,
    model: str,
    *,
    api_key: str | None = None,
    price: tuple[float, float] | None = None,
    cache: str | Path | None = None,
    max_concurrency: int = 8,
    timeout: float = 60,
    retries: int = 6,
    rate_limit: float | None = None,
) -> ClosedSubject:
    """A subject behind an OpenAI-compatible address. Nothing is sent yet.

    Args:
        base_url: up to and including ``/v1``.
        model: its name there.
        api_key: default the environment variable ``OPENAI_API_KEY``; it is kept in memory only.
        price: dollars per million tokens, (prompt, reply), for ``usage.cost``.
        cache: SQLite file that keeps replies, by digest of the request.
        max_concurrency: most requests under way at once.
        timeout: seconds for one request.
        retries: how often a request that failed in passing is repeated, with growing pauses or those asked for.
        rate_limit: most requests a minute.

    Raises:
        CasebackError: an address that is not one, or a number out of range.
    """
    if not base_url.startswith(("http://", "https://")):
        raise CasebackError(f"{base_url!r} is not an address; it should look like https://host/v1")
    if not model:
        raise CasebackError(f"no model named for {base_url}")
    if max_concurrency < 1 or retries < 0 or timeout <= 0 or (rate_limit is not None and rate_limit <= 0):
        raise CasebackError("max_concurrency, timeout and rate_limit must be above 0, and retries not below it")
    return ClosedSubject(
        base_url=base_url.rstrip("/").removesuffix("/chat/completions"),
        model=model,
        api_key=os.environ.get("OPENAI_API_KEY", "") if api_key is None else api_key,
        cache=cache,
        max_concurrency=max_concurrency,
        timeout=timeout,
        retries=retries,
        rate_limit=rate_limit,
        usage=Usage(price),
    )


class _Round:
    """One call of ``generate``: some workers share a list of requests."""

    def __init__(
        self, subject: ClosedSubject, bodies: list[dict[str, Any]], progress: Callable[[int, int], None] | None
    ) -> None:
        self.subject = subject
        self.bodies = bodies
        self.progress = progress
        self.made: list[Reply | None] = [None] * len(bodies)
        self.answered = 0
        self.unanswered = 0
        self.pace = Pace(subject.rate_limit)

    async def replies(self) -> list[Reply]:
        subject = self.subject
        headers = {"Authorization": f"Bearer {subject.api_key}"} if subject.api_key else {}
        timeout = aiohttp.ClientTimeout(total=subject.timeout)
        todo = iter(range(len(self.bodies)))
        with open_reply_cache(subject.cache) as cache:
            async with aiohttp.ClientSession(headers=headers, timeout=timeout, trust_env=True) as session:
                count = min(subject.max_concurrency, len(self.bodies))
                workers = [asyncio.create_task(self._work(todo, session, cache)) for _ in range(count)]
                try:
                    await asyncio.gather(*workers)
                finally:
                    for worker in workers:
                        worker.cancel()
                    await asyncio.gather(*workers, return_exceptions=True)
        return [reply for reply in self.made if reply is not None]

    async def _work(self, todo: Any, session: aiohttp.ClientSession, cache: ReplyCache) -> None:
        for index in todo:
            key = request_key(self.subject.base_url, self.bodies[index])
            reply = cache.get(key)
            if reply is None:
                reply = await self._ask(session, self.bodies[index])
                if reply.finish != "error":
                    cache.put(key, reply)
            else:
                self.subject.usage.from_cache += 1
                self.answered += 1
            self.made[index] = reply
            if self.progress:
                self.progress(sum(made is not None for made in self.made), len(self.made))

    async def _ask(self, session: aiohttp.ClientSession, body: dict[str, Any]) -> Reply:
        """Ask until there is an answer or patience runs out."""
        subject = self.subject
        failure = UnansweredError("not asked")
        for attempt in range(subject.retries + 1):
            await self.pace.turn()
            try:
                reply = await self._post(session, body)
            except UnansweredError as error:
                failure = error
                if attempt < subject.retries:
                    subject.usage.retries += 1
                    await self.pace.back_off(attempt, subject.first_delay, error.wait)
            except RefusalError as error:
                return Reply("", finish="error", error=str(error))
            else:
                self.answered += 1
                return reply
        self.unanswered += 1
        # Where nothing was ever answered, going through the rest with all its pauses would take hours to say so.
        if not self.answered and self.unanswered >= min(subject.max_concurrency, len(self.bodies)):
            raise CasebackError(
                f"{subject.base_url} has answered none of {self.unanswered} requests, each tried "
                f"{subject.retries + 1} times (last: {failure}); check the address, or try again later"
            )
        return Reply("", finish="error", error=f"no answer in {subject.retries + 1} attempts (last: {failure})")

    async def _post(self, session: aiohttp.ClientSession, body: dict[str, Any]) -> Reply:
        subject = self.subject
        sent = {name: value for name, value in body.items() if name not in subject.dropped}
        if "max_tokens" in subject.dropped:
            sent["max_completion_tokens"] = body["max_tokens"]
        try:
            async with session.post(f"{subject.base_url}/chat/completions", json=sent) as response:
                text = await response.text(errors="replace")
                status, wait = response.status, retry_after(response.headers.get("Retry-After"))
        except TimeoutError:
            raise UnansweredError(f"no answer within {subject.timeout:g} seconds") from None
        except (aiohttp.ClientError, OSError) as error:
            raise UnansweredError(f"{type(error).__name__}: {error}"[:200]) from None
        if status != 200:
            problem, unwanted = refusal(subject.base_url, subject.model, status, text, wait, sent)
            if unwanted:
                subject.dropped.add(unwanted)
                return await self._post(session, body)
            raise problem
        reply, reply_tokens = read_reply(text)
        subject.usage.requests += 1
        subject.usage.prompt_tokens += reply.prompt_tokens
        subject.usage.reply_tokens += reply_tokens
        return reply


def _run(work: Coroutine[Any, Any, list[Reply]]) -> list[Reply]:
    """Run asynchronous work from plain code, also inside a notebook, whose thread has an event loop already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
