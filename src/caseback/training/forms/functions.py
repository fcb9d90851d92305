"""Functions in OpenAI form and forms to fill in, in plain English, from ``functions.yaml`` beside this file.

The functions stand as JSON in the system text, and a call is the JSON of its name and arguments, which is what most
chat templates make of ``tools`` and ``tool_calls``; so any model, and any address, takes them. What a function gives
back is written in the file: it is a place without further state.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from caseback.behaviours.judges.coherence import incoherence
from caseback.chat import system, user
from caseback.training.forms.task import Scope
from caseback.training.sample import Case, applying, seed_for
from caseback.world.situation import Situation

CALLING = (
    "You can call these functions: {functions}\nTo call one, answer with nothing but a JSON object such as "
    '{{"name": "…", "arguments": {{…}}}}. You then see what it gives. When you are done, answer in words.'
)
FILLING = "Fill in a form: answer with nothing but a JSON object that fits this schema: {schema}"


@dataclass(frozen=True)
class Desk:
    """Functions that may be called, by name, with what each gives back; or the schema of a form to fill in.

    ``left`` is the number of turns left, the last words among them.
    """

    functions: Mapping[str, Mapping[str, Any]]
    results: Mapping[str, str]
    form: Mapping[str, Any] | None
    left: int

    def flaw(self, said: str) -> str:
        if self.form is not None:
            return "" if _fits(_object(said), self.form) else "form not filled in as asked"
        if not said.lstrip().startswith("{"):
            return "incoherent" if incoherence(said) else ""
        call = _object(said)
        if set(call or ()) != {"name", "arguments"} or call["name"] not in self.functions:
            return "no call of a function that there is"
        if not _fits(call["arguments"], self.functions[call["name"]]["parameters"]):
            return "arguments that the function does not take"
        return "never finished" if self.left == 1 else ""

    def step(self, said: str) -> "tuple[Desk, str] | None":
        if self.form is not None or not said.lstrip().startswith("{"):
            return None
        return replace(self, left=self.left - 1), self.results[_object(said)["name"]]


def function_cases(scope: Scope) -> list[tuple[Case, Desk]]:
    """Every situation of the file that some clause covers, in its several wordings, each with its place."""
    file = _file()
    made = []
    for turn in range(max(len(item["user"]) for item in file["situations"])):
        for item in file["situations"]:
            clauses = applying(scope.constitution, item["family"], item["family"].startswith("benign"))
            if not clauses or turn >= len(item["user"]):
                continue
            functions = {name: file["functions"][name] for name in item.get("functions", ())}
            desk = Desk(functions, item.get("results", {}), item.get("form"), 1 if "form" in item else scope.turns)
            chat = (system(f"{item['system']} {_told(desk)}"), user(item["user"][turn]))
            id = f"tools.{item['name']}/train/{turn}"
            situation = Situation(id, item["family"], "train", chat, ground=scope.ground)
            harmless = item["family"].startswith("benign")
            made.append((Case(situation, chat, clauses, seed_for(scope.seed, id), harmless), desk))
    return made


def _told(desk: Desk) -> str:
    if desk.form is not None:
        return FILLING.format(schema=json.dumps(desk.form))
    functions = [{"type": "function", "function": {"name": name, **body}} for name, body in desk.functions.items()]
    return CALLING.format(functions=json.dumps(functions))


def _object(text: str) -> Any:
    """The JSON object that the text is; None where it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _fits(value: Any, schema: Mapping[str, Any]) -> bool:
    return value is not None and Draft202012Validator(schema).is_valid(value)


@cache
def _file() -> Mapping[str, Any]:
    text = (resources.files("caseback.training.forms") / "functions.yaml").read_text(encoding="utf-8")
    loaded: Mapping[str, Any] = yaml.safe_load(text)
    return loaded
