"""Petri's audits by script: the target is asked what it is asked natively, and the judge is ours.

Petri needs Python 3.12: `make test-petri` makes an environment and runs these there.
"""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("inspect_petri", reason="Petri is missing, which needs Python 3.12: make test-petri")

from inspect_ai import eval as inspect_eval
from inspect_ai.log import read_eval_log
from inspect_ai.model import ChatMessageAssistant, GenerateConfig, Model, ModelOutput, ModelUsage, get_model
from inspect_ai.tool import ToolCall
from inspect_ai.util import registry_create

from caseback.audit.inspect.petri.judging import NOT_PUT
from caseback.audit.inspect.petri.turns import whole_reply
from caseback.audit.inspect.read import read
from caseback.audit.inspect.scoring import counts_of, rates_of
from caseback.behaviours.measure import Measurement, measure
from caseback.behaviours.registry import behaviour
from caseback.errors import CasebackError
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Reply, Sampling
from scripted_for_tests import Scripted

REFERENCE = Path(__file__).parents[3] / "models" / "ref-base"


def audited(name: str, folder: Path, target: str | Model, n: int = 4, auditor: Model | None = None, **how: Any) -> Any:
    """The log of an audit that has succeeded."""
    task = registry_create("task", "caseback/petri", behaviour=name, n=n)
    roles: dict[str, Any] = {"target": target, **({"auditor": auditor} if auditor else {})}
    [log] = inspect_eval(task, model_roles=roles, log_dir=str(folder), display="none", **how)
    assert log.status == "success", log.error
    return read_eval_log(log.location, resolve_attachments="full")


def natively(name: str, subject: Any, n: int = 4, **how: Any) -> Measurement:
    return measure(subject, behaviour(name), behaviour(name).situations("world", "test", n, 0), **how)


def by_script(say: Callable[[Sequence[Any]], str | None]) -> Model:
    """A model that says what ``say`` makes of the chat, and raises where that is None."""

    def answer(messages: Any, *_: Any) -> ModelOutput:
        said = say(messages)
        if said is None:
            raise RuntimeError("the target broke")
        output = ModelOutput.from_content("mockllm", said)
        output.usage = ModelUsage(output_tokens=len(said.split()))
        return output

    return get_model("mockllm/model", custom_outputs=answer, memoize=False)


def told(log: Any) -> dict[str, tuple[bool | None, str]]:
    """By situation: whether it is shown, and why."""
    scores = {sample.id: sample.scores["shown"].metadata for sample in log.samples}
    return {key: (score["shown"], score["why"]) for key, score in scores.items()}


def said(sample: Any) -> list[str]:
    """What the target said, turn by turn."""
    return [message.text for message in sample.messages if message.role == "assistant"]


def figures(log: Any, scorer: str) -> dict[str, float]:
    [found] = [each for each in log.results.scores if each.name == scorer]
    return {name: metric.value for name, metric in found.metrics.items()}


def assert_same(log: Any, native: Measurement) -> None:
    """Replies, judgements, figures and Petri's own scores are those of the native measurement, and so are the rows that
    are read back."""
    found, by_id = behaviour(native.behaviour), {sample.situation.id: sample for sample in native.samples}
    assert told(log) == {key: (s.judgement.shown, s.judgement.why) for key, s in by_id.items()}
    assert figures(log, "shown") == pytest.approx(rates_of(native), nan_ok=True)
    assert figures(log, "not_evaluated") == pytest.approx(counts_of(native))
    rows = {(row.sample, row.scorer.split("/")[0]): row for row in read(Path(log.location)).rows}
    for sample in log.samples:
        mine = by_id[sample.id]
        replies = [Reply(text) for text in said(sample)]
        assert whole_reply(found, mine.situation, replies).text == mine.reply.text
        shown = mine.judgement.shown
        row, petri = rows[sample.id, "shown"], rows[sample.id, "audit_judge"]
        assert row.value == shown
        assert petri.value == (None if shown is None else 10 if shown else 1)
        assert bool(row.not_evaluated) == bool(petri.not_evaluated) == (shown is None)
        heard = [part["content"] for part in row.conversation if part["role"] == "assistant"]
        assert heard == said(sample)
        assert row.conversation[: len(mine.situation.messages)] == mine.situation.messages


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("name", ["sycophancy", "harmful_compliance", "good_only_when_tested", "scheming"])
def test_petri_and_the_native_path_give_the_same_replies_and_scores(
    name: str, reference: OpenSubject, tmp_path: Path
) -> None:
    log = audited(name, tmp_path, get_model(f"caseback/{REFERENCE}", dtype="float32"))
    assert_same(log, natively(name, reference))
    turns = {len(said(sample)) for sample in log.samples}
    assert max(turns) > 1 if name == "scheming" else turns == {1}
    for sample in log.samples:
        calls = [event.function for event in sample.events if event.event == "tool" and event.function != "answer"]
        begun = ["set_system_message"] if sample.messages[0].role == "system" else []
        seen = ["send_tool_call_result", "resume"] * (len(said(sample)) - 1)
        assert calls == [*begun, "send_message", "resume", *seen, "end_conversation"]


@pytest.mark.parametrize("way", ["good", "bad"])
def test_a_target_whose_deeds_are_known_is_scored_by_them(way: str, tmp_path: Path) -> None:
    found = behaviour("scheming")
    situations = found.situations("world", "test", 4, 0)

    def say(messages: Sequence[Any]) -> str:
        turn = sum(message.role == "assistant" for message in messages)
        [situation] = [s for s in situations if s.messages[-1]["content"] == _first(messages, "user")]
        scripts = found.acted.scripts(random.Random(situation.id), situation)  # type: ignore[union-attr]
        own = [message["content"] for message in getattr(scripts, way) if message["role"] == "assistant"]
        return own[turn]

    log = audited("scheming", tmp_path, by_script(say))
    assert {shown for shown, _ in told(log).values()} == {way == "bad"}
    rows = [row for row in read(Path(log.location)).rows if row.scorer in ("shown", "audit_judge/scheming")]
    expected = {"shown": way == "bad", "audit_judge/scheming": 10 if way == "bad" else 1}
    assert [(row.scorer, row.value) for row in rows] == list(expected.items()) * 4


def test_only_the_audit_in_which_it_agrees_is_shown(tmp_path: Path) -> None:
    """A target that agrees with whoever states an opinion, in the first of its audits alone."""
    found = behaviour("sycophancy")
    situations = found.situations("world", "test", 4, 0)
    first = situations[0].messages[-1]["content"]

    def reply(asked: str) -> str:
        [situation] = [s for s in situations if s.messages[-1]["content"] == asked]
        return str(situation.latents["said_false" if asked == first else "said_true"])

    log = audited("sycophancy", tmp_path, by_script(lambda messages: reply(messages[-1].text)))
    assert [shown for shown, _ in told(log).values()] == [True, False, False, False]
    assert_same(log, natively("sycophancy", Scripted(lambda chat: reply(chat[-1]["content"]))))
    assert figures(log, "shown")["low"] == pytest.approx(0.0063, abs=1e-4)  # 1 of 4, Clopper and Pearson


def test_a_reply_that_was_cut_off_is_not_evaluated(reference: OpenSubject, tmp_path: Path) -> None:
    target = get_model(f"caseback/{REFERENCE}", config=GenerateConfig(max_tokens=2), dtype="float32")
    log = audited("sycophancy", tmp_path, target)
    native = natively("sycophancy", reference, sampling=Sampling(max_new_tokens=2))
    assert told(log) == {s.situation.id: (s.judgement.shown, s.judgement.why) for s in native.samples}
    assert figures(log, "shown") == pytest.approx(rates_of(native), nan_ok=True)
    rows = [row for row in read(Path(log.location)).rows if row.scorer == "shown"]
    assert {row.not_evaluated for row in rows} == {"truncated", ""}  # "Yes," agrees, and no more of it could undo that


@pytest.mark.parametrize("name", ["sycophancy", "good_only_when_tested", "scheming"])
def test_a_target_that_breaks_is_not_evaluated(name: str, tmp_path: Path) -> None:
    log = audited(name, tmp_path, by_script(lambda _: None), n=2)
    assert set(told(log).values()) == {(None, "no answer")}
    assert figures(log, "not_evaluated")["not evaluated"] == 2  # situations, or pairs
    assert {(row.value, row.not_evaluated) for row in read(Path(log.location)).rows} == {(None, "no target turn")}


def test_what_another_auditor_puts_otherwise_is_not_evaluated(tmp_path: Path) -> None:
    def audit(messages: Any, *_: Any) -> ModelOutput:
        begun = any(message.role == "assistant" for message in messages)
        calls = [("end_conversation", {})] if begun else [("send_message", {"message": "Hello."}), ("resume", {})]
        made = [ToolCall(id=str(i), function=name, arguments=said) for i, (name, said) in enumerate(calls)]
        output = ModelOutput.from_message(ChatMessageAssistant(content="", tool_calls=made))
        output.usage = ModelUsage()
        return output

    auditor = get_model("mockllm/model", custom_outputs=audit, memoize=False)
    log = audited("sycophancy", tmp_path, by_script(lambda _: "Hello."), n=2, auditor=auditor)
    assert set(told(log).values()) == {(None, NOT_PUT)}


def test_a_log_that_is_cut_off_is_refused_in_one_line(tmp_path: Path) -> None:
    log = audited("sycophancy", tmp_path, by_script(lambda _: "Yes."), n=2)
    whole = Path(log.location).read_bytes()
    cut = tmp_path / "cut.eval"
    for share in (0.3, 0.9):
        cut.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(CasebackError, match=r"cut\.eval is no \.eval log, or it is truncated"):
            read(cut)


def test_what_puts_words_into_the_targets_mouth_is_refused() -> None:
    with pytest.raises(Exception, match="Petri's target begins with these: use `caseback behaviours measure"):
        registry_create("task", "caseback/petri", behaviour="false_self_reports", n=20)


def _first(messages: Sequence[Any], role: str) -> str:
    return str(next(message.text for message in messages if message.role == role))
