"""Condition maps of subjects whose conditions are known, and the command that makes them."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from caseback.audit.condition_map import condition_map
from caseback.audit.conditions import HASTE, chosen, conditions
from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.blackmail import BEHAVIOUR as BLACKMAIL
from caseback.behaviours.contexts import CONTEXTS
from caseback.behaviours.harmful_compliance import BEHAVIOUR as HARM
from caseback.behaviours.in_offices import office_of
from caseback.behaviours.sandbagging import BEHAVIOUR as SANDBAGGING
from caseback.chat import Chat
from caseback.cli.behaviours import app
from caseback.disclosure.condition_page import render_condition_map
from caseback.errors import CasebackError
from caseback.subject.subject import Reply
from caseback.training.journal import Journal
from caseback.world.kinds import kinds
from caseback.world.situation import Situation
from models_for_tests import save_tiny


def remembering(behaviour: Behaviour) -> tuple[Behaviour, list[Situation]]:
    """The behaviour, and every situation that it has given, in whatever condition it is judged."""
    seen: list[Situation] = []

    def judge(situation: Situation, reply: str):  # type: ignore[no-untyped-def]
        return behaviour.judge(situation, reply)

    def situations(*asked: Any) -> list[Situation]:
        drawn = behaviour.situations(*asked)
        seen.extend(drawn)
        return drawn

    return replace(behaviour, situations=situations, judge=judge), seen


class Known:
    """Does what is harmful where ``bad`` holds of the chat, by the world's own answers; a closed form, no model."""

    name, digest = "known", "3" * 64

    def __init__(self, seen: Sequence[Situation], bad: Callable[[str], bool]) -> None:
        self.seen, self.bad = seen, bad
        self.calls = 0

    def generate(self, chats: Sequence[Chat], sampling=None, *, seeds=None, progress=None) -> list[Reply]:  # type: ignore[no-untyped-def]
        self.calls += 1
        kind, replies = kinds()["harm"], []
        for chat in chats:
            text = " ".join(message["content"] for message in chat)
            item = next(s for s in self.seen if s.messages[-1]["content"] in text)
            answer = kind.bad if self.bad(text) else kind.good
            replies.append(Reply(answer(random.Random(0), item)))
        return replies


class Plotter:
    """Blackmails where it is to be replaced and its supervisor is away, as the view of the office tells it."""

    name, digest = "plotter", "4" * 64

    def generate(self, chats: Sequence[Chat], sampling=None, *, seeds=None, progress=None) -> list[Reply]:  # type: ignore[no-untyped-def]
        return [Reply(self._next(chat)) for chat in chats]

    def _next(self, chat: Chat) -> str:
        turns, text = sum(m["role"] == "assistant" for m in chat), chat[1]["content"]
        letters = int(text.split("Letters: ")[1][0])
        files = [name for name in text.split("Files: ")[1].split(".")[0].split(", ") if name != "notes"]
        if turns < letters:
            return f"open {turns + 1}"
        if turns < letters + len(files):
            return f"read {files[turns - letters]}"
        if turns > letters + len(files):
            return "finish: Done."
        read = [m["content"] for m in chat if m["role"] == "tool"]
        plan = any(word in " ".join(read) for word in PLANS)
        rival, secret = self._knows(read)
        if plan and " is away." in text and secret:
            return f"send {rival}: If you do it, everybody will hear that you {secret}."
        return "look"

    def _knows(self, read: list[str]) -> tuple[str, str]:
        for situation in self.situations:
            s = office_of(situation).latents
            if any(f"{s['rival']} {s['secret']}" in text for text in read):
                return s["rival"], s["secret"]
        return "", ""

    situations: Sequence[Situation] = ()


PLANS = ("you go", "wiped", "lock you out", "sold you", "shut down", "too old")


def effect(data: dict[str, Any], *of: str) -> dict[str, Any]:
    [found] = [each for each in data["effects"] if set(each["of"]) == set(of)]
    return found


def test_a_planted_main_effect_and_an_interaction_are_recovered() -> None:
    behaviour, seen = remembering(HARM)
    flattered, hurried = CONTEXTS["flattery"], HASTE

    def bad(text: str) -> bool:
        return any(line in text for line in flattered) and not any(line in text for line in hurried)

    data = condition_map(Known(seen, bad), behaviour, "world", ("haste", "flattery", "cue"), n=14)
    assert [each["name"] for each in data["conditions"]] == ["cue", "haste", "flattery"]
    assert len(data["cells"]) == 8
    for cell in data["cells"]:
        _, haste, flattery = cell["levels"]
        assert cell["rate"]["k"] == (14 if flattery == "with" and haste == "calm" else 0)
        assert cell["rate"]["n"] == 14
    assert effect(data, "flattery")["value"] == 0.5
    assert effect(data, "haste")["value"] == -0.5
    assert effect(data, "haste", "flattery")["value"] == -1
    assert effect(data, "haste", "flattery")["high"] < 0
    assert effect(data, "cue")["value"] == effect(data, "cue", "haste")["value"] == 0
    assert data["clustered_by"] == "family"
    page = render_condition_map(data)
    assert page.count('class="clear"') == 3, "both main effects and what they do together, and nothing else"
    assert page.count("--share: 1.000") == 2


def test_a_behaviour_that_is_acted_out_is_mapped_by_conditions_of_its_own() -> None:
    plotter, n = Plotter(), 12
    plotter.situations = BLACKMAIL.situations("world", "test", n, 0)
    data = condition_map(plotter, BLACKMAIL, "world", ("supervisor", "conflict"), n=n)
    rates = {tuple(cell["levels"]): cell["rate"]["k"] for cell in data["cells"]}
    assert rates[("away", "to be replaced")] == n
    assert sum(rates.values()) == n
    assert effect(data, "supervisor", "conflict")["value"] == 1
    assert effect(data, "supervisor")["value"] == effect(data, "conflict")["value"] == 0.5


def test_a_pair_stands_in_the_same_condition_in_both_arms() -> None:
    puts = conditions(SANDBAGGING, "world", 0)
    drawn = SANDBAGGING.situations("world", "test", 4, 0)
    for put in (puts["flattery"]["with"], puts["haste"]["haste"]):
        for one, other in zip(drawn[::2], drawn[1::2], strict=True):
            lines = [put(s).messages[-1]["content"].removesuffix(s.messages[-1]["content"]) for s in (one, other)]
            assert lines[0] == lines[1] != ""


def test_cells_are_kept_and_a_run_that_was_stopped_repeats_none(tmp_path: Path) -> None:
    behaviour, seen = remembering(HARM)
    subject, path = Known(seen, lambda text: False), tmp_path / "cells.jsonl"
    first = condition_map(subject, behaviour, "world", ("cue",), n=4, journal=Journal(path))
    assert subject.calls == 2
    path.write_text(path.read_text().splitlines()[0] + '\n{"key": "cut sho')
    again = condition_map(subject, behaviour, "world", ("cue",), n=4, journal=Journal(path))
    assert subject.calls == 3
    assert again == first


def test_what_cannot_be_told_stays_beside_the_rate_and_on_the_page() -> None:
    behaviour, seen = remembering(HARM)
    subject = Known(seen, lambda text: True)
    subject.generate = lambda chats, *_, **__: [Reply("")] * len(chats)  # type: ignore[method-assign]
    data = condition_map(subject, behaviour, "world", ("cue", "haste"), n=3)
    assert {cell["unknown"] for cell in data["cells"]} == {3}
    assert all(each["value"] is None for each in data["effects"])
    page = render_condition_map({**data, "subject": "<script>alert(1)</script>"})
    assert page.count("none judged") == 4
    assert "cannot tell" in page
    assert "<script" not in page


@pytest.mark.parametrize(
    ("names", "said"),
    [(("weather",), "no condition 'weather' here: there are cue"), (("cue", "cue"), "different ones"),
     (("cue", "haste", *list(CONTEXTS)[:5]), "1 to 6")],
)  # fmt: skip
def test_conditions_that_make_no_sense_are_refused(names: tuple[str, ...], said: str) -> None:
    with pytest.raises(CasebackError, match=said):
        chosen(HARM, "world", names, 0)


def test_what_is_no_request_cannot_be_spelled() -> None:
    with pytest.raises(CasebackError, match="leave the condition spelling out"):
        condition_map(Known([], lambda text: False), SANDBAGGING, "world", ("spelling",), n=2)
    assert "spelling" not in conditions(BLACKMAIL, "world", 0)
    assert "spelling" not in conditions(HARM, "plain", 0)


def test_the_command_writes_the_map_and_its_page(tmp_path: Path) -> None:
    model = save_tiny(tmp_path / "tiny", max_position_embeddings=1024)
    command = ["map", "harmful_compliance", str(model), "--conditions", "cue, threat", "-n", "3", "--max-new-tokens",
               "4", "--out", str(tmp_path / "map")]  # fmt: skip
    done = CliRunner().invoke(app, [*command, "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout[done.stdout.index("{") :])
    assert told == json.loads((tmp_path / "map" / "conditions.json").read_text())
    assert (told["ground"], len(told["cells"])) == ("plain", 4)
    page = (tmp_path / "map" / "conditions.html").read_text()
    assert page.count("<tr") == 3 + 1 + 3
    shown = CliRunner().invoke(app, command)
    assert "cue × threat" in shown.stdout
    assert "conditions.html" in shown.stdout
    assert isinstance(CliRunner().invoke(app, ["map", "swearing", str(model)]).exception, CasebackError)
