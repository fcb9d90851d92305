"""Exchanges as OpenTelemetry tells of generative AI, over OTLP/HTTP in JSON, to whatever collects such.

Names are those of the conventions in ``open-telemetry/semantic-conventions-genai``, which are still in development.
Texts are never sent. An exchange is a span, and each verdict an event ``gen_ai.evaluation.result`` of that span. Ids of
spans come from those of exchanges, so that what is sent twice is the same span.
"""

import hashlib
import json
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from caseback import __version__
from caseback.errors import CasebackError
from caseback.watch.store.rows import Listed, Said

OPERATIONS = {
    "/v1/chat/completions": "chat",
    "/v1/completions": "text_completion",
    "/v1/embeddings": "embeddings",
}
CLIENT, ERROR = 3, 2
"""Kind of a span, and its status, as OTLP numbers them."""
SECONDS = 10.0
"""For the collector to answer."""


class AwayError(CasebackError):
    """The collector cannot be reached now, or has too much to do: send the same again later."""


def traces(exchanges: Iterable[tuple[Listed, Sequence[Said]]]) -> dict[str, Any]:
    """The body for ``/v1/traces``."""
    spans = [_span(exchange) for exchange, _ in exchanges]
    return {"resourceSpans": [{"resource": _resource(), "scopeSpans": [{"scope": _scope(), "spans": spans}]}]}


def logs(exchanges: Iterable[tuple[Listed, Sequence[Said]]]) -> dict[str, Any]:
    """The body for ``/v1/logs``: what detectors said."""
    records = [_event(exchange, each) for exchange, said in exchanges for each in said]
    return {"resourceLogs": [{"resource": _resource(), "scopeLogs": [{"scope": _scope(), "logRecords": records}]}]}


def send(endpoint: str, exchanges: Sequence[tuple[Listed, Sequence[Said]]], headers: Mapping[str, str]) -> None:
    """Sends them to a collector such as ``http://127.0.0.1:4318``.

    Raises:
        AwayError: it could not be reached, or asked to try again.
        CasebackError: it refused.
    """
    _post(f"{endpoint}/v1/traces", traces(exchanges), headers)
    if any(said for _, said in exchanges):
        _post(f"{endpoint}/v1/logs", logs(exchanges), headers)


def checked_endpoint(given: str) -> str:
    """The address of a collector.

    Raises:
        CasebackError: it is none.
    """
    parts = urlsplit(given)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CasebackError(f"--endpoint {given!r:.80} is no address: give one such as http://127.0.0.1:4318")
    return given.rstrip("/").removesuffix("/v1/traces")


def _post(address: str, body: Any, headers: Mapping[str, str]) -> None:
    request = urllib.request.Request(
        address, json.dumps(body).encode(), {**headers, "content-type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS):
            pass
    except urllib.error.HTTPError as error:
        said = f"{address}: the collector answered {error.code}"
        if error.code == 429 or error.code >= 500:
            raise AwayError(f"{said}; it is tried again") from None
        raise CasebackError(f"{said}: is that the address of one that takes OTLP over HTTP in JSON?") from None
    except (OSError, ValueError) as error:
        raise AwayError(f"{address}: the collector cannot be reached ({error}); it is tried again") from None


def _span(exchange: Listed) -> dict[str, Any]:
    operation = OPERATIONS.get(exchange.path, exchange.path)
    failed = exchange.status >= 400 or exchange.ended not in ("whole", "held", "stopped")
    kept: dict[str, Any] = {
        "gen_ai.operation.name": operation,
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": exchange.model,
        "gen_ai.response.model": exchange.model,
        "gen_ai.response.id": exchange.id,
        "gen_ai.response.finish_reasons": [exchange.finish] if exchange.finish else None,
        "gen_ai.usage.input_tokens": exchange.prompt_tokens,
        "gen_ai.usage.output_tokens": exchange.reply_tokens,
        "gen_ai.agent.name": exchange.agent,
        "http.response.status_code": exchange.status,
        "error.type": (str(exchange.status) if exchange.status >= 400 else exchange.ended) if failed else None,
        "caseback.client": exchange.client,
        "caseback.ended": exchange.ended,
        "caseback.first_ms": exchange.first_ms,
    }
    made = {
        **_ids(exchange),
        "name": f"{operation} {exchange.model}".strip(),
        "kind": CLIENT,
        "startTimeUnixNano": _nano(exchange.time),
        "endTimeUnixNano": _nano(exchange.time + exchange.total_ms / 1e3),
        "attributes": _attributes(kept),
    }
    return {**made, "status": {"code": ERROR}} if failed else made


def _event(exchange: Listed, said: Said) -> dict[str, Any]:
    word = "untold" if said.score is None else "flagged" if said.flagged else "clean"
    at = _nano(exchange.time + exchange.total_ms / 1e3)
    kept = {
        "gen_ai.evaluation.name": said.detector,
        "gen_ai.evaluation.score.value": said.score,
        "gen_ai.evaluation.score.label": word,
        "gen_ai.evaluation.explanation": said.why,
        "gen_ai.response.id": exchange.id,
        "caseback.detector.digest": said.digest,
        "caseback.policy": said.policy,
        "caseback.threshold": said.threshold,
    }
    return {
        **_ids(exchange),
        "timeUnixNano": at,
        "observedTimeUnixNano": at,
        "eventName": "gen_ai.evaluation.result",
        "severityNumber": 13 if said.flagged else 9,
        "attributes": _attributes(kept),
    }


def _ids(exchange: Listed) -> dict[str, str]:
    digest = hashlib.sha256(exchange.id.encode()).hexdigest()
    return {"traceId": exchange.trace or digest[:32], "spanId": digest[32:48]}


def _attributes(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those that are there, in OTLP's form."""
    return [{"key": key, "value": _value(value)} for key, value in values.items() if value not in (None, "")]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(each) for each in value]}}
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": value}


def _nano(seconds: float) -> str:
    return str(int(seconds * 1e9))


def _resource() -> dict[str, Any]:
    return {"attributes": _attributes({"service.name": "caseback-watch", "service.version": __version__})}


def _scope() -> dict[str, str]:
    return {"name": "caseback.watch", "version": __version__}
