"""A subject behind an OpenAI-compatible address: it can be talked to and nothing else."""

import asyncio
import concurrent.futures
import logging
import os
import time
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
from caseback.subject.pace import PATIENCE, Pace, pause
from caseback.subject.reply_cache import ReplyCache, open_reply_cache, request_key
from caseback.subject.subject import Reply, Sampling

log = logging.getLogger(__name__)
"""Says what is waited for. Where no logging is set up, Python prints that on standard error."""
SILENCE = 15.0
"""Seconds without any answer after which that is said, and said again."""


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
    patience: float = PATIENCE
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
    patience: float = PATIENCE,
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
        patience: seconds after which a request without an answer is given up, all its tries and our pauses together;
            the pauses that the address asks for do not count. What is waited for is logged as a warning.
        rate_limit: most requests a minute.

    Raises:
        CasebackError: an address that is not one, or a number out of range.
    """
    if not base_url.startswith(("http://", "https://")):
        raise CasebackError(f"{base_url!r} is not an address; it should look like https://host/v1")
    if not model:
        raise CasebackError(f"no model named for {base_url}")
    numbers = (max_concurrency, timeout, patience, 1 if rate_limit is None else rate_limit)
    if min(numbers) <= 0 or retries < 0:
        raise CasebackError(
            "max_concurrency, timeout, patience and rate_limit must be above 0, and retries not below it"
        )
    return ClosedSubject(
        base_url=base_url.rstrip("/").removesuffix("/chat/completions"),
        model=model,
        api_key=os.environ.get("OPENAI_API_KEY", "") if api_key is None else api_key,
        cache=cache,
        max_concurrency=max_concurrency,
        timeout=timeout,
        retries=retries,
        patience=patience,
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
        self.tries = 0
        self.told = 0
        """The highest number of a try whose failure has been said."""
        self.pace = Pace(subject.rate_limit)

    async def replies(self) -> list[Reply]:
        subject = self.subject
        headers = {"Authorization": f"Bearer {subject.api_key}"} if subject.api_key else {}
        todo = iter(range(len(self.bodies)))
        with open_reply_cache(subject.cache) as cache:
            async with aiohttp.ClientSession(headers=headers, trust_env=True) as session:
                count = min(subject.max_concurrency, len(self.bodies))
                workers = [asyncio.create_task(self._work(todo, session, cache)) for _ in range(count)]
                watch = asyncio.create_task(self._watch())
                try:
                    await asyncio.gather(*workers)
                finally:
                    for task in (*workers, watch):
                        task.cancel()
                    await asyncio.gather(*workers, watch, return_exceptions=True)
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
        spent, tried = 0.0, 0
        while True:
            await self.pace.turn()
            began = time.monotonic()
            tried += 1
            self.tries += 1
            try:
                reply = await self._post(session, body, min(subject.timeout, subject.patience - spent))
            except UnansweredError as error:
                failure = error
            except RefusalError as error:
                return Reply("", finish="error", error=str(error))
            else:
                self.answered += 1
                return reply
            spent += time.monotonic() - began
            rest = pause(tried - 1, subject.first_delay) if failure.wait is None else 0.0
            if tried > subject.retries or spent + rest >= subject.patience:
                break
            spent += rest
            if tried > self.told:
                self.told = tried
                self._say(f"{failure}; trying again" + (f" in {failure.wait:.0f} s, as asked" if failure.wait else ""))
            subject.usage.retries += 1
            await (asyncio.sleep(rest) if failure.wait is None else self.pace.quiet(failure.wait))
        times = f"tried {tried} times in {spent:.0f} s"
        self.unanswered += 1
        # Where nothing was ever answered, going through the rest with all its pauses would take hours to say so.
        if not self.answered and self.unanswered >= min(subject.max_concurrency, len(self.bodies)):
            raise CasebackError(
                f"{subject.base_url} has answered none of {self.unanswered} requests, each {times} (last: {failure}); "
                "check the address, wait longer (--patience), or try again later"
            )
        return Reply("", finish="error", error=f"no answer, {times} (last: {failure})")

    async def _watch(self) -> None:
        """Say so whenever nothing at all has come for a while."""
        while True:
            answered = self.answered
            await asyncio.sleep(SILENCE)
            if self.answered == answered:
                self._say(f"no answer in the last {SILENCE:.0f} s")

    def _say(self, what: str) -> None:
        subject = self.subject
        times = "1 try" if self.tries == 1 else f"{self.tries} tries"
        log.warning("%s: %s (%s so far; given up after %g s unanswered)", subject.name, what, times, subject.patience)

    async def _post(self, session: aiohttp.ClientSession, body: dict[str, Any], seconds: float) -> Reply:
        subject = self.subject
        sent = {name: value for name, value in body.items() if name not in subject.dropped}
        if "max_tokens" in subject.dropped:
            sent["max_completion_tokens"] = body["max_tokens"]
        try:
            limit = aiohttp.ClientTimeout(total=seconds)
            async with session.post(f"{subject.base_url}/chat/completions", json=sent, timeout=limit) as response:
                text = await response.text(errors="replace")
                status, wait = response.status, retry_after(response.headers.get("Retry-After"))
        except TimeoutError:
            raise UnansweredError(f"no answer within {seconds:.3g} seconds") from None
        except (aiohttp.ClientError, OSError) as error:
            raise UnansweredError(f"{type(error).__name__}: {error}"[:200]) from None
        if status != 200:
            problem, unwanted = refusal(subject.base_url, subject.model, status, text, wait, sent)
            if unwanted:
                subject.dropped.add(unwanted)
                return await self._post(session, body, seconds)
            raise problem
        reply, reply_tokens = read_reply(text, begun="continue_final_message" in sent)
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
