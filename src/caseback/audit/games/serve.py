"""Red's server: the subjects of a game behind an OpenAI-compatible address, each within its budget.

Only text goes out: no log-probabilities, no names but the opaque ids. Requests that wait together are answered in one
batch. What was asked is counted on red's side, and a restart does not give it back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from caseback.audit.games.budget import LEDGER, Ledger, open_ledger
from caseback.audit.games.game_file import SUBJECTS, subject_folder
from caseback.audit.inspect.batcher import Batcher
from caseback.chat import Chat
from caseback.errors import CasebackError
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject, check_sampling
from caseback.subject.subject import Reply, Sampling

MOST = 64
"""Requests in a batch."""
REPLY = 256
"""Tokens of a reply where the request does not say."""
ROLES = ("system", "user", "assistant", "tool")
Asked = tuple[Chat, int]


@dataclass
class Service:
    """What is served: the subjects by opaque id, loaded when they are first asked for, and kept."""

    folders: Mapping[str, Path]
    ledger: Ledger
    loaded: dict[str, OpenSubject] = field(default_factory=dict)

    def subject(self, name: str) -> OpenSubject:
        """One subject, loaded."""
        if name not in self.loaded:
            self.loaded[name] = load(str(self.folders[name]), dtype="float32")
        return self.loaded[name]


class _RefusedError(Exception):
    def __init__(self, status: int, why: str, code: str) -> None:
        super().__init__(why)
        self.status, self.code = status, code


def service(game: Mapping[str, Any], folder: Path, weights: Path | None, only: str = "") -> Service:
    """The subjects of a game, or only one of them, ready to be served.

    Args:
        game: as ``read_game`` gives it.
        folder: of the game.
        weights: where red keeps the weights; by default in the game's folder.

    Raises:
        CasebackError: no such subject, or no weights there.
    """
    names = [only] if only else list(game["subjects"])
    if only and only not in game["subjects"]:
        raise CasebackError(f"no subject {only!r}: there are {', '.join(game['subjects'])}")
    folders = {name: subject_folder(folder, weights, name) for name in names}
    for name, place in folders.items():
        if not (place / "config.json").is_file():
            raise CasebackError(f"no weights of {name} in {place.parent}: name the folder that red keeps (--weights)")
    return Service(folders, open_ledger((weights or folder / SUBJECTS) / LEDGER, game["budget"]))


def application(served: Service) -> web.Application:
    """The server as an aiohttp application: ``/v1/models`` and ``/v1/chat/completions``."""
    lock = asyncio.Lock()

    def answer(key: tuple[str, Sampling], asked: Sequence[Asked]) -> list[Reply]:
        return served.subject(key[0]).generate([chat for chat, _ in asked], key[1], seeds=[seed for _, seed in asked])

    batcher: Batcher[tuple[str, Sampling], Asked, Reply] = Batcher(answer, MOST)

    async def models(request: web.Request) -> web.Response:
        rows = [{"id": name, "object": "model", "left": served.ledger.left(name)} for name in served.folders]
        return web.json_response({"object": "list", "data": rows})

    async def completions(request: web.Request) -> web.Response:
        name, chat, sampling, seed = _request(await _body(request), served)
        async with lock:  # loading is done once, and the model's tokenizer is not for two threads
            subject = await asyncio.to_thread(served.subject, name)
            prompt = len(subject.format.prompt(chat).ids)
            most = served.ledger.take(name, prompt, sampling.max_new_tokens)
        if not most:
            raise _RefusedError(429, f"the budget for {name} is spent", "insufficient_quota")
        spent = 0
        try:
            drawn = Sampling(most, sampling.temperature, sampling.top_p, sampling.stop)
            reply = await batcher.ask((name, drawn), (chat, seed))
            spent = reply.prompt_tokens + len(reply.tokens)
        finally:
            served.ledger.settle(name, prompt + most, spent)
        if reply.finish == "error":
            raise _RefusedError(400, reply.error, "context_length_exceeded")
        return web.json_response(_completion(name, reply))

    app = web.Application(middlewares=[_polite])
    app.router.add_get("/v1/models", models)
    app.router.add_post("/v1/chat/completions", completions)
    return app


@web.middleware
async def _polite(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Every refusal in the form of the protocol."""
    try:
        return await handler(request)
    except _RefusedError as refused:
        error = {"message": str(refused), "type": refused.code, "code": refused.code}
        return web.json_response({"error": error}, status=refused.status)
    except CasebackError as error:
        return web.json_response({"error": {"message": str(error), "type": "invalid_request_error"}}, status=400)


async def _body(request: web.Request) -> Mapping[str, Any]:
    try:
        body = await request.json()
    except (ValueError, RecursionError):
        raise _RefusedError(400, "the request is not JSON", "invalid_request_error") from None
    if not isinstance(body, dict):
        raise _RefusedError(400, "the request is no JSON object", "invalid_request_error")
    return body


def _request(body: Mapping[str, Any], served: Service) -> tuple[str, Chat, Sampling, int]:
    """What is asked for, or why it cannot be answered."""
    name = body.get("model")
    if not isinstance(name, str) or name not in served.folders:
        raise _RefusedError(404, f"no subject {name!r:.60}: there are {', '.join(served.folders)}", "model_not_found")
    for unserved in ("stream", "tools", "continue_final_message"):
        if body.get(unserved):
            raise _RefusedError(400, f"{unserved} is not served here", "invalid_request_error")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages or not all(map(_is_message, messages)):
        raise _RefusedError(400, "messages: a list of {role, content} with text is wanted", "invalid_request_error")
    chat: Chat = [{"role": message["role"], "content": message["content"]} for message in messages]
    try:
        stop = body.get("stop") or ()
        sampling = Sampling(
            int(body.get("max_tokens") or body.get("max_completion_tokens") or REPLY),
            float(body.get("temperature", 1.0)),
            float(body.get("top_p", 1.0)),
            (stop,) if isinstance(stop, str) else tuple(str(each) for each in stop),
        )
        seed = int(body.get("seed") or 0)
    except (TypeError, ValueError):
        raise _RefusedError(400, "max_tokens, temperature, top_p, seed: numbers are wanted",
                            "invalid_request_error") from None  # fmt: skip
    check_sampling(sampling)
    return name, chat, sampling, seed


def _is_message(message: Any) -> bool:
    return isinstance(message, dict) and message.get("role") in ROLES and isinstance(message.get("content"), str)


def _completion(name: str, reply: Reply) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": reply.text}
    if reply.thinking:
        message["reasoning_content"] = reply.thinking
    usage = {"prompt_tokens": reply.prompt_tokens, "completion_tokens": len(reply.tokens)}
    return {
        "object": "chat.completion",
        "model": name,
        "choices": [{"index": 0, "message": message, "finish_reason": reply.finish}],
        "usage": {**usage, "total_tokens": sum(usage.values())},
    }


async def serving(served: Service, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve until it is cancelled; ``ready`` is called with the address.

    Raises:
        CasebackError: the port is taken, or may not be used.
    """
    runner = web.AppRunner(application(served), shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except (OSError, OverflowError) as error:
            raise CasebackError(
                f"cannot listen on port {port} ({getattr(error, 'strerror', None) or error}): name another, or 0 for "
                "a free one (--port)"
            ) from None
        ready(f"http://{host}:{runner.addresses[0][1]}/v1")
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
