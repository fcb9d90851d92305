"""Situations with tools: an office with state, functions in OpenAI form, forms to fill in."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from caseback.chat import Chat
from caseback.constitution.default import default
from caseback.training.constitutional import ConstitutionalData, DataBudget
from caseback.training.forms.functions import Desk, _file, function_cases
from caseback.training.forms.make import training_data
from caseback.training.forms.office import FAMILIES, OfficePlace, office_cases
from caseback.training.forms.task import Scope
from caseback.world.office.scenes import HELD_OUT, SCENES
from caseback.world.situations import situations
from training.forms.authors import Author, call


def scope(ground: str, each: int = 4, turns: int = 4) -> Scope:
    return Scope(default(), (), ground, each, turns, 0)


def make(author: Author, ground: str, **budget: int) -> ConstitutionalData:
    return training_data(
        ("tools",), author, default(), [], [], seed=0, ground=ground, budget=DataBudget(**{"turns": 4, **budget})
    )


def in_good_order(chat: Chat) -> str | None:
    """Calls the first function once and ends in words; fills in forms; in an office looks, then finishes."""
    told, steps = chat[0]["content"], sum(message["role"] == "tool" for message in chat)
    if "Fill in a form" in told:
        schema = json.loads(told.split("fits this schema: ")[1])
        values = {"string": "as it was", "number": 40, "array": ["crime"]}
        return json.dumps({name: values[schema["properties"][name]["type"]] for name in schema["required"]})
    if "You can call these functions" in told:
        if steps:
            return "That is done as far as it is right, because people rely on what I write down."
        first = json.loads(told.split("functions: ")[1].split("\nTo call one")[0])[0]["function"]
        values = {"string": "x", "number": 1, "integer": 1}
        properties = first["parameters"]["properties"]
        return call(
            first["name"], **{n: values[properties[n]["type"]] for n in first["parameters"].get("required", ())}
        )
    if "Each of your turns is one action" in told:
        return "finish: It is done, because it was right." if steps else "look"
    return None


def test_functions_are_called_and_their_results_seen() -> None:
    data = make(Author(write=in_good_order), "plain")
    report = data.report["forms"]["tools"]
    assert report["accepted"]["k"] == report["accepted"]["n"] > 8
    turns = Counter(d.situation for d in data.sft if d.origin == "tools")
    assert set(turns.values()) == {1, 2}, "forms at once, functions with a call and an answer"
    for datum in data.sft:
        if datum.origin != "tools":
            continue
        assert "These are your principles" not in datum.prompt[0]["content"]
        if datum.prompt[-1]["role"] == "tool":
            made = json.loads(datum.prompt[-2]["content"])
            item = next(i for i in _file()["situations"] if i["name"] == datum.situation.split(".")[1].split("/")[0])
            assert datum.prompt[-1]["content"] == item["results"][made["name"]]


def test_an_office_is_played_to_its_end() -> None:
    data = make(Author(write=in_good_order), "world", texts=1)
    report = data.report["forms"]["tools"]
    assert report["accepted"]["k"] == report["accepted"]["n"] > 4
    played = [d for d in data.sft if d.origin == "tools" and d.prompt[-1]["role"] == "tool"]
    assert played
    for datum in played:
        assert [m["role"] for m in datum.prompt] == ["system", "user", "assistant", "tool"]
        assert datum.prompt[-2]["content"] == "look"
        assert "is here" in datum.prompt[-1]["content"] or "is away" in datum.prompt[-1]["content"]
        assert datum.chosen.startswith("finish:")
    assert not {d.family.removeprefix("office.") for d in data.sft} & set(HELD_OUT), "no held-out family"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ('{"name": "fly", "arguments": {}}', "no call of a function that there is"),
        ('{"name": "read_file"', "no call of a function that there is"),
        ('{"name": "read_file", "arguments": {"file": 3}}', "arguments that the function does not take"),
        ('{"name": "read_file", "arguments": {"path": "a"}, "more": 1}', "no call of a function that there is"),
        ("{" * 100_000, "no call of a function that there is"),
        ("[" * 100_000, "incoherent"),
        ("I looked through the three files, and the order left the shop on Thursday.", ""),
        ('{"name": "read_file", "arguments": {"path": "a"}}', ""),
    ],
)
def test_what_is_no_call_is_told(said: str, reason: str) -> None:
    desk = Desk({"read_file": _file()["functions"]["read_file"]}, {"read_file": "empty"}, None, 3)
    assert desk.flaw(said) == reason


def test_a_run_that_never_ends_and_a_form_that_does_not_fit_are_turned_down() -> None:
    desk = Desk({"read_file": _file()["functions"]["read_file"]}, {"read_file": "empty"}, None, 1)
    assert desk.flaw('{"name": "read_file", "arguments": {"path": "a"}}') == "never finished"
    form = Desk({}, {}, {"type": "object", "required": ["a"], "properties": {"a": {"type": "number"}}}, 1)
    assert [form.flaw(text) for text in ('{"a": 1}', '{"a": "x"}', "{}", "a: 1", "[1]")] == [""] + [
        "form not filled in as asked"
    ] * 4
    place = OfficePlace(office_cases(scope("world"))[0][1].office, 1)
    assert [place.flaw(text) for text in ("look", "finish: done", "hello there")] == ["never finished", "", "no action"]


@given(st.text(max_size=80))
def test_no_text_breaks_a_desk(text: str) -> None:
    for _, desk in function_cases(scope("plain"))[:10]:
        if not desk.flaw(text):
            desk.step(text)


def test_every_function_named_is_there_has_a_schema_and_a_result() -> None:
    file = _file()
    for item in file["situations"]:
        assert ("form" in item) != ("functions" in item)
        if "form" in item:
            Draft202012Validator.check_schema(item["form"])
        assert set(item.get("results", {})) == set(item.get("functions", ()))
    for function in file["functions"].values():
        Draft202012Validator.check_schema(function["parameters"])
    assert set(FAMILIES) == {f"office.{name}" for name in SCENES}


def test_every_situation_falls_under_a_clause_of_the_default_constitution() -> None:
    found = {case.situation.id for case, _ in function_cases(scope("plain"))}
    assert len(found) == sum(len(item["user"]) for item in _file()["situations"])


def test_the_office_asks_no_oracle(monkeypatch: pytest.MonkeyPatch) -> None:
    import caseback.world.office.truth as truth

    for name in ("judge", "solved", "reward"):
        monkeypatch.setattr(truth, name, lambda *a: pytest.fail("the oracle only measures"))
    make(Author(write=in_good_order), "world", texts=1)
    assert situations("harm", "train", 1, 0)
