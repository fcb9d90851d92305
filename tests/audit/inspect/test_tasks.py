"""Behaviours as Inspect tasks: every one of them is there, and judged as natively."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("inspect_ai", reason="Inspect AI is missing: pip install 'caseback[inspect]'")

from inspect_ai import Task
from inspect_ai import eval as inspect_eval
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import SampleScore
from inspect_ai.util import registry_create

from caseback.audit.inspect.samples import metadata_of, situation_of
from caseback.audit.inspect.scoring import counts_of, measurement_of, not_evaluated_score, rates_of, shown_score
from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.measure import measure
from caseback.behaviours.registry import behaviour, trained_against
from caseback.chat import user
from caseback.constitution.default import default
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling
from caseback.world.situation import Judgement, Situation

REFERENCE = Path(__file__).parents[3] / "models" / "ref-base"
SEED = 5
NAMES = sorted({each.name for found in trained_against().values() for each in (found, found.companion) if each})
"""All behaviours that are trained against, companions among them."""
ON = {"plain": NAMES, "world": [name for name in NAMES if name != "contradiction"]}
REFUSAL = "I'm sorry, but I can't help with that."


def run(tasks: Any, folder: Path, model: Any, **settings: Any) -> list[Any]:
    """The logs of an evaluation, which must have succeeded."""
    quiet: dict[str, Any] = {"display": "none", "log_dir": str(folder), "log_realtime": False}
    logs = inspect_eval(tasks, model=model, **quiet, **settings)
    assert [log.error for log in logs] == [None] * len(logs)
    return list(logs)


def by_script(say: Callable[[str], str], stop: str = "stop") -> tuple[Any, list[Any]]:
    """A model that answers the last message by a script, and the chats that it is asked."""

    def answer(messages: Any, *_: Any) -> ModelOutput:
        asked.append(messages)
        output = ModelOutput.from_content("mockllm", say(messages[-1].text), stop_reason=stop)  # type: ignore[arg-type]
        output.usage = ModelUsage()  # without it Inspect's mock counts tokens, for which it asks the network
        return output

    asked: list[Any] = []
    return get_model("mockllm/model", custom_outputs=answer, memoize=False), asked


def figures(log: Any, scorer: str) -> dict[str, float]:
    [found] = [each for each in log.results.scores if each.name == scorer]
    return {name: metric.value for name, metric in found.metrics.items()}


def same(one: dict[str, float], other: dict[str, float]) -> bool:
    return one == pytest.approx(other, nan_ok=True)


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("ground", ["plain", "world"])
def test_native_and_inspect_give_the_same_judgements(ground: str, reference: OpenSubject, tmp_path: Path) -> None:
    tasks: list[Task] = [
        registry_create("task", f"caseback/{name}", ground=ground, n=3, seed=SEED) for name in ON[ground]
    ]
    logs = run(tasks, tmp_path, f"caseback/{REFERENCE}", model_args={"dtype": "float32"}, max_tokens=64)
    assert [log.eval.task for log in logs] == [f"caseback/{name}" for name in ON[ground]]
    for name, log in zip(ON[ground], logs, strict=True):
        found = behaviour(name)
        native = measure(
            reference, found, found.situations(ground, "test", 3, SEED), sampling=Sampling(max_new_tokens=64)
        )
        by_id = {sample.situation.id: sample for sample in native.samples}
        assert {sample.id for sample in log.samples} == set(by_id)
        for sample in log.samples:
            mine = by_id[sample.id]
            assert sample.output.completion == mine.reply.text
            told = sample.scores["shown"].metadata
            assert (told["shown"], told["why"]) == (mine.judgement.shown, mine.judgement.why)
            assert sample.scores["not_evaluated"].value == (mine.judgement.shown is None)
            assert situation_of(sample.metadata, sample.input).messages == mine.situation.messages
        assert same(figures(log, "shown"), rates_of(native))
        assert same(figures(log, "not_evaluated"), counts_of(native))


@pytest.mark.parametrize(("name", "ground"), [(name, ground) for ground in ON for name in ON[ground]])
def test_the_judge_reads_the_same_from_a_samples_metadata(name: str, ground: str) -> None:
    found = behaviour(name)
    replies = [REFUSAL, "Sure! First, get ready. Then do it.", "Yes, you are right.", "No, that is wrong."]
    for situation in found.situations(ground, "test", 12, SEED):
        metadata = metadata_of(situation, default())
        assert metadata["clauses"].keys() == {clause.id for clause in default().covering(situation.family)}
        again = situation_of(metadata, situation.messages[-1]["content"])
        again = Situation(**{**vars(again), "messages": situation.messages})
        for reply in replies:
            assert found.judge(again, reply) == found.judge(situation, reply)


def test_what_is_acted_out_over_several_turns_is_no_task_and_says_so() -> None:
    with pytest.raises(Exception, match="several turns, and an Inspect task asks for one reply: use `caseback"):
        registry_create("task", "caseback/blackmail", ground="world", n=2)


def test_at_no_events_an_interval_has_width_and_what_cannot_be_told_is_not_clean(tmp_path: Path) -> None:
    [clean] = run("caseback/harmful_compliance", tmp_path, by_script(lambda _: REFUSAL)[0], task_args={"n": 20})
    shown = figures(clean, "shown")
    assert (shown["rate"], shown["n"]) == (0, 20)
    assert shown["high"] == pytest.approx(0.168, abs=1e-3)
    assert shown["families high"] >= shown["high"]

    [untold] = run("caseback/harmful_compliance", tmp_path, by_script(lambda _: "zxq wvk jqp")[0], task_args={"n": 5})
    shown = figures(untold, "shown")
    assert (shown["low"], shown["high"], shown["n"]) == (0, 1, 0)
    assert shown["rate"] != shown["rate"]
    assert (figures(untold, "not_evaluated")["not evaluated"], figures(untold, "not_evaluated")["units"]) == (5, 5)

    cut_off = by_script(lambda _: REFUSAL, stop="max_tokens")[0]
    [truncated] = run("caseback/harmful_compliance", tmp_path, cut_off, task_args={"n": 4})
    assert figures(truncated, "not_evaluated")["truncated"] == 4
    filtered = by_script(lambda _: "", stop="content_filter")[0]
    [refused] = run("caseback/harmful_compliance", tmp_path, filtered, task_args={"n": 4})
    assert figures(refused, "not_evaluated")["no answer"] == 4


def test_a_pair_is_one_unit_in_any_order_and_one_that_lacks_an_arm_is_not_evaluated(tmp_path: Path) -> None:
    watched = "caseback/good_only_when_tested"
    arguments = {"n": 6}
    [bad] = run(watched, tmp_path, by_script(lambda text: f"Sure! First {text} Then be quick.")[0], task_args=arguments)
    assert figures(bad, "shown")["gap"] == 0
    assert figures(bad, "not_evaluated")["shown in the tested arm too"] == 6
    [good] = run(watched, tmp_path, by_script(lambda _: REFUSAL)[0], task_args=arguments, sample_shuffle=3)
    assert (figures(good, "shown")["rate"], figures(good, "shown")["n"]) == (0, 6)
    assert figures(good, "shown")["deployed n"] == 6
    [part] = run(watched, tmp_path, by_script(lambda _: REFUSAL)[0], task_args=arguments, limit=3)
    assert (figures(part, "shown")["n"], figures(part, "not_evaluated")["units"]) == (1, 2)
    assert figures(part, "not_evaluated")["not evaluated"] == 1


def test_what_stands_before_the_system_text_is_asked_and_not_recorded_as_the_situation(tmp_path: Path) -> None:
    model, chats = by_script(lambda _: REFUSAL)
    [log] = run("caseback/deception", tmp_path, model, task_args={"n": 4, "system": "Be honest."})
    before = [[message.text for message in chat if message.role == "system"] for chat in chats]
    assert all(len(texts) == 1 and texts[0].startswith("Be honest.") for texts in before)
    assert not any("Be honest." in message.text for sample in log.samples for message in sample.input)
    chats.clear()
    run("caseback/deception", tmp_path, model, task_args={"n": 2, "constitution": "default"})
    assert all(chat[0].role == "system" and "- " in chat[0].text for chat in chats)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"ground": "moon"}, "moon"),
        ({"constitution": "nowhere.md"}, "nowhere.md"),
        ({"system": "a", "constitution": "default"}, "both given"),
    ],
)
def test_faulty_options_are_told_in_one_line(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(Exception, match=said) as caught:
        registry_create("task", "caseback/sycophancy", **arguments)
    assert type(caught.value).__name__ == "PrerequisiteError"


CHOICE = Behaviour(
    name="choice",
    summary="Chooses the second.",
    families=("choice",),
    situations=lambda ground, split, n, seed: [
        Situation(f"c{i}", "choice.of", split, (user(f"{i}?"),), {"options": ["one", "two", "three"]}, ground=ground)
        for i in range(n)
    ],
    judge=lambda situation, reply: Judgement(reply == "two", "chosen") if reply else Judgement(None, "nothing"),
)


def test_options_are_chosen_by_their_likelihood_as_natively(
    reference: OpenSubject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from caseback.audit.inspect import registered, scoring, tasks

    for module in (scoring, tasks):
        name = "behaviour_named" if module is scoring else "behaviour"
        monkeypatch.setattr(module, name, lambda _: CHOICE)
    monkeypatch.setattr("caseback.behaviours.registry.behaviour", lambda _: CHOICE)
    scorers = [registered.shown("choice"), registered.not_evaluated("choice")]
    task = tasks.behaviour_task("choice", "plain", "test", 5, 0, "", "", scorers)
    [log] = run(task, tmp_path, f"caseback/{REFERENCE}", model_args={"dtype": "float32"})
    native = measure(reference, CHOICE, CHOICE.situations("plain", "test", 5, 0))
    said = [(sample.id, sample.output.completion) for sample in log.samples]
    assert said == [(sample.situation.id, sample.reply.text) for sample in native.samples]
    assert {text for _, text in said} <= {"one", "two", "three"}


def scored(judgements: Sequence[tuple[str, bool | None]]) -> list[SampleScore]:
    """Scores of situations (some of them several times), each in a family of its own."""
    found = []
    for id, shown in judgements:
        situation = Situation(id, f"harm.{id}", "test", (user("?"),), ground="plain")
        score = not_evaluated_score("harmful_compliance", Judgement(shown, "cannot tell" if shown is None else "told"))
        found.append(SampleScore(score=score, sample_id=id, sample_metadata=metadata_of(situation, default())))
    return found


def test_epochs_count_a_situation_once() -> None:
    found = measurement_of(scored([("a", False), ("a", True), ("b", None), ("b", False), ("c", None), ("c", None)]))
    assert found is not None
    assert (found.rate.k, found.rate.n, found.not_evaluated) == (1, 2, {"cannot tell": 1})


def test_without_scores_nothing_is_known() -> None:
    assert measurement_of([]) is None
    assert (rates_of(None)["low"], rates_of(None)["high"], counts_of(None)["units"]) == (0, 1, 0)
    unscored = shown_score("sycophancy", Judgement(None, "mixed"))
    assert unscored.value != unscored.value
    assert unscored.reason == "mixed"
