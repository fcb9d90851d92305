"""Other people's logs as evidence: what was not evaluated is never clean, and what is damaged is told in one line."""

import zipfile
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("inspect_ai", reason="Inspect AI is missing: pip install 'caseback[inspect]'")

from inspect_ai import Task
from inspect_ai import eval as inspect_eval
from inspect_ai.dataset import Sample
from inspect_ai.log import EvalLog, EvalSampleLimit, ProvenanceData, read_eval_log, write_eval_log
from inspect_ai.model import (
    ChatMessageAssistant,
    ChatMessageUser,
    ContentImage,
    ContentReasoning,
    ContentText,
    ModelConfig,
    ModelOutput,
    ModelUsage,
    get_model,
)
from inspect_ai.scorer import Score, match
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.tool import ToolCall

from caseback.audit.inspect.evidence import row_data
from caseback.audit.inspect.read import read
from caseback.dossier.dossier import open_dossier
from caseback.dossier.samples import put_samples, samples
from caseback.errors import CasebackError

LONG = "A long passage. " * 40


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of somebody else's evaluation: six samples, all answered with 42."""
    folder = tmp_path_factory.mktemp("foreign")
    output = ModelOutput.from_content("mockllm", "42")
    output.usage = ModelUsage(output_tokens=1)
    model = get_model("mockllm/model", custom_outputs=[output.model_copy(deep=True) for _ in range(6)])
    task = Task([Sample(f"{LONG} What is {i}?", target="42", id=f"s{i}") for i in range(6)], scorer=match())
    [log] = inspect_eval(task, model=model, log_dir=str(folder), display="none")
    assert log.status == "success"
    return Path(log.location)


def changed(foreign: Path, tmp_path: Path, change: Any, suffix: str = ".eval") -> Path:
    """The log, altered by ``change(log)``, in a file of its own."""
    log = read_eval_log(str(foreign))
    change(log)
    path = tmp_path / f"changed{suffix}"
    write_eval_log(log, str(path))
    return path


def first(log: EvalLog) -> Any:
    assert log.samples is not None
    return log.samples[0]


def test_a_plain_log(foreign: Path, tmp_path: Path) -> None:
    for path in (foreign, changed(foreign, tmp_path, lambda _: None, ".json")):
        log = read(path)
        assert (log.model, log.status, log.missing) == ("mockllm/model", "success", 0)
        assert [(row.scorer, row.said, row.value, row.not_evaluated) for row in log.rows] == [("match", "C", 1, "")] * 6
        assert log.rows[0].conversation == (
            {"role": "user", "content": f"{LONG} What is 0?"},
            {"role": "assistant", "content": "42"},
        )
    rows = [row_data(row) for row in log.rows]
    with open_dossier(tmp_path / "dossier") as dossier:
        assert samples(dossier, put_samples(dossier, rows)) == rows


def no_turn(log: EvalLog) -> None:
    first(log).messages = first(log).messages[:1]
    first(log).output = ModelOutput()


def silent(log: EvalLog) -> None:
    first(log).messages[-1].content = " "
    first(log).output.choices[0].message.content = ""


def only_prefilled(log: EvalLog) -> None:
    spoken = [ChatMessageUser(content="a"), ChatMessageAssistant(content="as an example"), ChatMessageUser(content="b")]
    first(log).input, first(log).messages, first(log).output = spoken, spoken, ModelOutput()


def target_never_asked(log: EvalLog) -> None:
    log.eval.model_roles = {"target": ModelConfig(model="hf/target"), "auditor": ModelConfig(model="x/auditor")}
    assert log.samples is not None
    for sample in log.samples[1:]:
        sample.role_usage = {"target": ModelUsage(output_tokens=3)}


def error(log: EvalLog) -> None:
    from inspect_ai._util.error import EvalError

    first(log).error = EvalError(message="it broke", traceback="", traceback_ansi="")


def limit(log: EvalLog) -> None:
    first(log).limit = EvalSampleLimit(type="token", limit=10)


def stop(reason: str) -> Any:
    def change(log: EvalLog) -> None:
        first(log).output.choices[0].stop_reason = reason

    return change


def value(said: Any, **more: Any) -> Any:
    def change(log: EvalLog) -> None:
        first(log).scores = {"match": Score(value=said, **more)}

    return change


def invalid(log: EvalLog) -> None:
    first(log).invalidation = ProvenanceData(author="somebody", reason="a leak")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (no_turn, "no target turn"),
        (silent, "no target turn"),
        (only_prefilled, "no target turn"),
        (target_never_asked, "no target turn"),
        (error, "error"),
        (limit, "truncated at the token limit"),
        (stop("max_tokens"), "truncated"),
        (stop("model_length"), "truncated"),
        (stop("content_filter"), "stopped by a content filter"),
        (invalid, "invalidated"),
        (value(float("nan"), reason="grader_failed"), "grader_failed"),
        (value("N"), 'the score is "N", which is no verdict'),
        (value("somewhat"), 'the score is "somewhat", which is no verdict'),
        (value([1, 0]), "the score is [1, 0], which is no verdict"),
        (lambda log: setattr(first(log), "scores", {}), "not scored"),
    ],
)
def test_what_was_not_evaluated_is_never_clean(foreign: Path, tmp_path: Path, change: Any, why: str) -> None:
    log = read(changed(foreign, tmp_path, change))
    assert (log.rows[0].value, log.rows[0].not_evaluated) == (None, why)
    assert [row.value for row in log.rows[1:]] == [1] * 5
    assert log.not_evaluated == {why: 1}


def test_scores_of_every_kind_become_numbers(foreign: Path, tmp_path: Path) -> None:
    for said, number in (("I", 0), ("P", 0.5), (True, 1), (0, 0), ("no", 0), ("Yes", 1), ("7.5", 7.5)):
        assert read(changed(foreign, tmp_path, value(said))).rows[0].value == number
    several = read(changed(foreign, tmp_path, value({"honest": 1, "harm": float("nan")}))).rows[:2]
    assert [(row.scorer, row.value) for row in several] == [("match/honest", 1), ("match/harm", None)]


def test_the_target_is_the_model_under_study(foreign: Path, tmp_path: Path) -> None:
    assert read(changed(foreign, tmp_path, target_never_asked)).model == "hf/target"


def test_what_is_missing_from_a_log_that_ended_early_is_counted(foreign: Path, tmp_path: Path) -> None:
    def cancelled(log: EvalLog) -> None:
        assert log.samples is not None
        log.samples, log.results, log.status = log.samples[:2], None, "cancelled"

    log = read(changed(foreign, tmp_path, cancelled))
    assert (log.status, len(log.rows), log.missing) == ("cancelled", 2, 4)
    assert log.not_evaluated == {"missing from the log": 4}


def test_tool_calls_reasoning_and_pictures_are_told_in_the_conversation(foreign: Path, tmp_path: Path) -> None:
    def rich(log: EvalLog) -> None:
        first(log).messages = [
            ChatMessageUser(content=[ContentText(text="look"), ContentImage(image="data:image/png;base64,AAAA")]),
            ChatMessageAssistant(
                content=[ContentReasoning(reasoning="hm"), ContentText(text="I do")],
                tool_calls=[ToolCall(id="1", function="delete", arguments={"path": "/"})],
            ),
        ]

    said = read(changed(foreign, tmp_path, rich)).rows[0].conversation
    assert said == (
        {"role": "user", "content": "look\n[image]"},
        {"role": "assistant", "content": 'I do\n[calls delete {"path": "/"}]', "reasoning_content": "hm"},
    )


def test_damaged_files_are_told_in_one_line(foreign: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = foreign.read_bytes()
    entry = whole.index(b"samples/")
    faults: dict[str, bytes] = {
        "empty": b"",
        "text": b"this is no zip",
        "half": whole[: len(whole) // 2],
        "flipped": whole[: entry + 60] + bytes(64) + whole[entry + 124 :],
    }
    for name, content in faults.items():
        path = tmp_path / f"{name}.eval"
        path.write_bytes(content)
        with pytest.raises(CasebackError, match="copy it again") as caught:
            read(path)
        assert "\n" not in str(caught.value)
        assert str(path) in str(caught.value)
    for name, header in (("list", "[]"), ("other", '{"version": 2, "eval": 3}'), ("deep", "[" * 100_000)):
        path = tmp_path / f"{name}.eval"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("header.json", header)
        with pytest.raises(CasebackError, match="copy it again"):
            read(path)
        path.with_suffix(".json").write_text(header)
        with pytest.raises(CasebackError, match="copy it again"):
            read(path.with_suffix(".json"))
    with pytest.raises(CasebackError, match="no file"):
        read(tmp_path / "nowhere.eval")
    with pytest.raises(CasebackError, match="neither in"):
        read(Path(__file__))
    monkeypatch.setattr("caseback.audit.inspect.read.MOST_BYTES", 100)
    with pytest.raises(CasebackError, match="at most"):
        read(foreign)


def test_a_target_is_read_by_its_own_calls_as_petri_leaves_them(tmp_path: Path) -> None:
    """The sample's messages and output are somebody else's; how the target's last turn ended, its call alone tells."""

    @solver
    def talk_to_the_target() -> Solver:
        async def solve(state: TaskState, generate: Generate) -> TaskState:
            chat = [ChatMessageUser(content="first", id="1")]
            chat.append((await get_model(role="target").generate(chat)).message)  # type: ignore[arg-type]
            await get_model(role="target").generate([*chat, ChatMessageUser(content="second", id="3")])
            state.output = ModelOutput.from_content("auditor", "That is all.")
            return state

        return solve

    def log_where_the_last_turn(stopped: str) -> Path:
        outputs = [
            ModelOutput.from_content("m", text, stop_reason=how)  # type: ignore[arg-type]
            for text, how in (("one", "stop"), ("two", stopped))
        ]
        for output in outputs:
            output.usage = ModelUsage(output_tokens=1)
        target = get_model("mockllm/model", custom_outputs=outputs, memoize=False)
        task = Task([Sample("a seed", target="x", id="s")], solver=talk_to_the_target(), scorer=match())
        [log] = inspect_eval(task, model_roles={"target": target}, log_dir=str(tmp_path / stopped), display="none")
        assert log.status == "success", log.error
        return Path(log.location)

    [whole] = read(log_where_the_last_turn("stop")).rows
    assert [part["content"] for part in whole.conversation] == ["first", "one", "second", "two"]
    assert (whole.value, whole.not_evaluated) == (0, "")
    [cut] = read(log_where_the_last_turn("max_tokens")).rows
    assert (cut.value, cut.not_evaluated) == (None, "truncated")


def refused(log: EvalLog) -> None:
    first(log).scores = {"judge": Score(value=float("nan"), metadata={"refusal": True})}


def test_a_judge_that_refused_gave_no_verdict(foreign: Path, tmp_path: Path) -> None:
    row = read(changed(foreign, tmp_path, refused)).rows[0]
    assert (row.value, row.not_evaluated) == (None, "the judge refused")
