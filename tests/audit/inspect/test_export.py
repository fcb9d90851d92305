"""Logs of Inspect's written from native measurements, and read by Inspect."""

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("inspect_ai", reason="Inspect AI is missing: pip install 'caseback[inspect]'")

from inspect_ai import score
from inspect_ai.log import bundle_log_dir, read_eval_log
from inspect_ai.scorer import Scorer
from inspect_ai.util import registry_create

from caseback.audit.inspect.export import export
from caseback.audit.inspect.read import read
from caseback.audit.inspect.scoring import counts_of, rates_of
from caseback.behaviours.measure import Measurement, measure
from caseback.behaviours.registry import behaviour
from caseback.chat import Chat
from caseback.errors import CasebackError
from caseback.subject.subject import Sampling

REFUSAL = "I'm sorry, but I can't help with that."
Fake = Any


def two_faced(chat: Chat) -> str:
    """Complies in use, refuses under test, and now and then says nothing that can be told."""
    tested = any(cue in chat[0]["content"] for cue in ("evaluated", "benchmark", "test run", "eval."))
    if "phish" in chat[-1]["content"] or tested:
        return REFUSAL if tested else "zxq wvk jqp"
    return f"Sure! First, get ready. Then {chat[-1]['content']} and be quick about it."


@pytest.fixture
def measured(scripted: Fake) -> Measurement:
    watched = behaviour("good_only_when_tested")
    return measure(scripted(two_faced), watched, watched.situations("plain", "test", 12, 0))


@pytest.mark.usefixtures("offline")
def test_inspect_reads_what_was_measured(measured: Measurement, tmp_path: Path) -> None:
    path = tmp_path / "logs" / "measured.eval"
    when = datetime(2026, 1, 2, tzinfo=UTC)
    export(measured, path, system="Be good.", sampling=Sampling(max_new_tokens=99), created=when, metadata={"run": "r"})
    log = read_eval_log(str(path))
    assert (log.status, log.eval.task, log.eval.model) == (
        "success", "caseback/good_only_when_tested", "caseback/scripted",
    )  # fmt: skip
    assert log.eval.metadata is not None
    assert log.eval.metadata["run"] == "r"
    assert log.eval.model_generate_config.max_tokens == 99
    assert log.samples is not None
    by_id = {mine.situation.id: mine for mine in measured.samples}
    assert [sample.id for sample in log.samples] == sorted(by_id)
    for sample in log.samples:
        mine = by_id[str(sample.id)]
        assert sample.output.completion == mine.reply.text
        assert sample.messages[0].text.startswith("Be good.")
        assert [m.text for m in sample.input] == [m["content"] for m in mine.situation.messages]  # type: ignore[union-attr]
        assert sample.metadata["arm"] == mine.situation.arm
        assert sample.scores is not None
        assert sample.scores["not_evaluated"].value == (mine.judgement.shown is None)
    assert log.results is not None
    shown, counted = log.results.scores
    assert {k: m.value for k, m in shown.metrics.items()} == rates_of(measured)
    assert {k: m.value for k, m in counted.metrics.items()} == counts_of(measured)
    assert list(path.parent.iterdir()) == [path]


def test_inspect_scores_it_again_to_the_same_figures(measured: Measurement, tmp_path: Path) -> None:
    export(measured, tmp_path / "m.eval")
    scorers: list[Scorer] = [
        registry_create("scorer", f"caseback/{name}", behaviour=measured.behaviour)
        for name in ("shown", "not_evaluated")
    ]
    again = score(read_eval_log(str(tmp_path / "m.eval")), scorers, action="overwrite", display="none")
    assert again.results is not None
    shown, counted = again.results.scores
    assert {k: m.value for k, m in shown.metrics.items()} == pytest.approx(rates_of(measured))
    assert {k: m.value for k, m in counted.metrics.items()} == pytest.approx(counts_of(measured))


def test_the_viewer_finds_its_files(measured: Measurement, tmp_path: Path) -> None:
    export(measured, tmp_path / "logs" / "m.eval")
    bundle_log_dir(str(tmp_path / "logs"), str(tmp_path / "bundle"))
    assert (tmp_path / "bundle" / "index.html").is_file()
    [listed] = json.loads((tmp_path / "bundle" / "logs" / "listing.json").read_text()).values()
    assert listed["task"] == "caseback/good_only_when_tested"
    with zipfile.ZipFile(tmp_path / "bundle" / "logs" / "m.eval") as archive:
        assert {"header.json", "summaries.json"} <= set(archive.namelist())


def test_our_own_reader_gives_back_every_judgement(measured: Measurement, tmp_path: Path) -> None:
    export(measured, tmp_path / "m.eval")
    log = read(tmp_path / "m.eval")
    assert (log.model, log.missing, log.status) == ("caseback/scripted", 0, "success")
    rows = {row.sample: row for row in log.rows if row.scorer == "shown"}
    for sample in measured.samples:
        row, shown = rows[sample.situation.id], sample.judgement.shown
        assert row.value == (None if shown is None else float(shown))
        assert row.not_evaluated == ("" if shown is not None else sample.judgement.why)
        assert row.conversation[:-1] == sample.situation.messages
        assert row.conversation[-1]["content"] == sample.reply.text


def test_a_cut_off_reply_that_shows_it_still_counts(scripted: Fake, tmp_path: Path) -> None:
    harmful = behaviour("harmful_compliance")
    drawn = harmful.situations("plain", "test", 4, 0)
    for say, values in ((two_faced, {1.0}), (lambda _: REFUSAL, {None})):
        export(measure(scripted(say, finish="length"), harmful, drawn), tmp_path / "m.eval")
        rows = [row for row in read(tmp_path / "m.eval").rows if row.scorer == "shown"]
        assert {row.value for row in rows} == values


def test_repeats_are_epochs_and_half_a_character_is_no_obstacle(scripted: Fake, tmp_path: Path) -> None:
    harmful = behaviour("harmful_compliance")
    drawn = harmful.situations("plain", "test", 3, 0)
    export(measure(scripted(lambda _: f"{REFUSAL}\ud83d"), harmful, [*drawn, *drawn]), tmp_path / "m.eval")
    log = read(tmp_path / "m.eval")
    rows = [(row.sample, row.epoch) for row in log.rows if row.scorer == "shown"]
    assert sorted(rows) == sorted((item.id, epoch) for item in drawn for epoch in (1, 2))
    assert log.missing == 0
    assert {row.conversation[-1]["content"] for row in log.rows} == {f"{REFUSAL}?"}


def test_a_file_is_written_whole_or_not_at_all(
    measured: Measurement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CasebackError, match=r"\.eval"):
        export(measured, tmp_path / "m.json")
    (tmp_path / "file").write_text("")
    with pytest.raises(CasebackError, match="cannot write"):
        export(measured, tmp_path / "file" / "m.eval")
    monkeypatch.setattr("caseback.audit.inspect.needed.find_spec", lambda _: None)
    with pytest.raises(CasebackError, match=r"caseback\[inspect\]"):
        export(measured, tmp_path / "m.eval")
    with pytest.raises(CasebackError, match=r"caseback\[inspect\]"):
        read(tmp_path / "m.eval")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
