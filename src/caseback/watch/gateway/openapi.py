"""What the gateway understands, as an OpenAPI document."""

import json
from typing import Any

from caseback import __version__

ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}
MESSAGE = {"type": "object", "required": ["role"], "properties": {"role": {"type": "string"}}}
CHAT = {
    "type": "object",
    "required": ["messages"],
    "properties": {
        "model": {"type": "string"},
        "messages": {"type": "array", "items": MESSAGE},
        "stream": {"type": "boolean"},
        "n": {"type": "integer"},
    },
}
REFUSALS = {"400": "Malformed.", "401": "No good key.", "403": "Not from here.", "408": "Not sent in time.",
            "413": "Too large.", "429": "Too many.", "502": "The model server broke off.",
            "503": "Too many at once.", "504": "The model server took too long."}  # fmt: skip


def document() -> bytes:
    """In JSON."""
    return json.dumps(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "caseback gateway",
                "version": __version__,
                "description": "An OpenAI-compatible server. What it passes on is answered by the server behind it.",
            },
            "paths": {
                "/v1/chat/completions": {"post": _post("A reply to a chat, whole or streamed.", CHAT)},
                "/v1/completions": {"post": _post("Passed on.", {"type": "object"})},
                "/v1/embeddings": {"post": _post("Passed on.", {"type": "object"})},
                "/v1/models": {"get": _get("The models of the server behind.", {})},
                "/v1/held/{id}": {"get": _held()},
                "/health": {"get": _plain("The gateway is alive.", "application/json")},
                "/ready": {"get": _plain("The gateway takes requests.", "application/json")},
                "/metrics": {"get": _refusable(_plain("Counts for Prometheus.", "text/plain"))},
                "/openapi.json": {"get": _plain("This document.", "application/json")},
            },
            "components": {
                "schemas": {"Error": ERROR},
                "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            },
        }
    ).encode()


def _answers(good: dict[str, Any]) -> dict[str, Any]:
    schema = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {**good, **{status: {"description": text, "content": schema} for status, text in REFUSALS.items()}}


def _post(text: str, body: dict[str, Any]) -> dict[str, Any]:
    good = {"description": text, "content": {"application/json": {}, "text/event-stream": {}}}
    passed = {"description": "As the server behind says.", "content": {"application/json": {}, "text/plain": {}}}
    return {
        "summary": text,
        "security": [{"key": []}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {**_answers({"200": good}), "default": passed},
    }


def _get(text: str, good: dict[str, Any]) -> dict[str, Any]:
    answers = _answers({"200": {"description": text, "content": {"application/json": {}}}, **good})
    return {"summary": text, "security": [{"key": []}], "responses": {**answers, "default": {"description": "Passed."}}}


def _held() -> dict[str, Any]:
    schema = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    waits = {"202": {"description": "It waits for a person.", "content": {"application/json": {}}},
             "404": {"description": "No such reply of this client's.", "content": schema}}  # fmt: skip
    one = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[0-9a-f]{28}$"}}
    return {**_get("A reply that was held, once it is released.", waits), "parameters": [one]}


def _plain(text: str, kind: str) -> dict[str, Any]:
    return {"summary": text, "responses": {"200": {"description": text, "content": {kind: {}}}}}


def _refusable(operation: dict[str, Any]) -> dict[str, Any]:
    return {**operation, "security": [{"key": []}], "responses": _answers(operation["responses"])}
