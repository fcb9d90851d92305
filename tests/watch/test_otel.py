"""What a collector of OpenTelemetry gets, from the gateway through the writer and the store."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from caseback.cli.main import app
from caseback.watch.configuration import read_configuration, watching
from caseback.watch.store.opening import open_store
from caseback.watch.writer.keeping import Keeping
from caseback.watch.writer.run import run
from watch.gateway.conftest import Start, model, start
from watch.gateway.raw import CHAT, post, sent
from watch.gateway.test_inline import detector
from watch.gateway.upstream import Model, answered, model_server, reply

__all__ = ["model", "start"]


def written(folder: Path, n: int) -> None:
    """Has the writer bring ``n`` exchanges into the store."""
    configuration = read_configuration(folder / "watch.toml")
    store = open_store(configuration.store)
    loaded = [watching(each, configuration.file) for each in configuration.detectors]
    end = time.monotonic() + 20

    def done() -> bool:
        assert time.monotonic() < end
        return int(store.query("SELECT COUNT(*) AS n FROM exchanges")[0]["n"]) >= n

    run(configuration.journal, store, loaded, Keeping(folder / "key"), done)
    store.close()


def values(attributes: list[dict[str, Any]]) -> dict[str, Any]:
    return {each["key"]: next(iter(each["value"].values())) for each in attributes}


def told(collector: Model, path: str) -> list[dict[str, Any]]:
    """Spans or records, of every request to the collector."""
    names = {
        "/v1/traces": ("resourceSpans", "scopeSpans", "spans"),
        "/v1/logs": ("resourceLogs", "scopeLogs", "logRecords"),
    }
    outer, scope, inner = names[path]
    return [
        one
        for seen in collector.seen
        if seen.path == path
        for part in json.loads(seen.body)[outer]
        for each in part[scope]
        for one in each[inner]
    ]


def test_exchanges_reach_a_collector_once_and_without_text(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = start(detector(tmp_path, "bomb", "flag"))
    trace = "0af7651916cd43dd8448eb211c80319c"
    at.model.answer = answered(reply("a bomb"))
    sent(at.address, post(CHAT, f"traceparent: 00-{trace}-b7ad6b7169203331-01".encode(), b"x-caseback-agent: planner"))
    at.model.answer = answered({"error": {"message": "hello no"}}, 500)
    sent(at.address, post(CHAT))
    written(tmp_path, 2)
    monkeypatch.setenv("TOKEN", "secret")
    with model_server() as collector:
        collector.answer = answered({})
        words = ["watch", "otel", "--endpoint", collector.address, "--once", "--config", str(tmp_path / "watch.toml")]
        for _ in range(2):
            result = CliRunner().invoke(app, [*words, "--header", "x-token=TOKEN"])
            assert result.exit_code == 0, result.output
        assert collector.seen[0].headers["x-token"] == "secret"
        assert [each.path for each in collector.seen] == ["/v1/traces", "/v1/logs"]
        spans = {each["traceId"] == trace: each for each in told(collector, "/v1/traces")}
        good, bad = spans[True], spans[False]
        assert re.fullmatch("[0-9a-f]{16}", good["spanId"])
        assert re.fullmatch("[0-9a-f]{32}", bad["traceId"])
        kept = values(good["attributes"])
        first = at.carried()[0]
        assert (kept["gen_ai.operation.name"], kept["gen_ai.usage.input_tokens"]) == ("chat", "7")
        assert (kept["gen_ai.agent.name"], kept["gen_ai.response.id"]) == ("planner", first.id)
        assert (good["name"], good["kind"], "status" in good) == ("chat scripted", 3, False)
        took = (int(good["endTimeUnixNano"]) - int(good["startTimeUnixNano"])) / 1e6
        assert took == pytest.approx(first.total_ms, abs=0.01)
        assert (bad["status"]["code"], values(bad["attributes"])["error.type"]) == (2, "500")
        records = {each["traceId"] == trace: each for each in told(collector, "/v1/logs")}
        assert records[True]["eventName"] == "gen_ai.evaluation.result"
        assert records[True]["spanId"] == good["spanId"]
        assert values(records[True]["attributes"])["gen_ai.evaluation.score.value"] == 1.0
        assert values(records[True]["attributes"])["gen_ai.evaluation.score.label"] == "flagged"
        assert values(records[False]["attributes"])["gen_ai.evaluation.score.label"] == "untold"
        assert b"hello" not in b"".join(each.body for each in collector.seen)


def test_a_collector_that_is_away_or_none(start: Start, tmp_path: Path) -> None:
    at = start()
    sent(at.address, post(CHAT))
    written(tmp_path, 1)
    with model_server() as collector:

        def typed(endpoint: str) -> str:
            words = ["watch", "otel", "--once", "--config", str(tmp_path / "watch.toml"), "--endpoint", endpoint]
            result = CliRunner().invoke(app, words)
            assert result.exit_code == 2
            return result.output

        collector.answer = answered({}, 503)
        assert "tried again" in typed(collector.address)
        collector.answer = answered({}, 404)
        assert "takes OTLP" in typed(collector.address)
        assert "no address" in typed("collector:4318")
        collector.answer = answered({})
        before = len(collector.seen)
        words = ["watch", "otel", "--once", "--config", str(tmp_path / "watch.toml"), "--endpoint", collector.address]
        assert CliRunner().invoke(app, words).exit_code == 0
        assert len(collector.seen) == before + 1
