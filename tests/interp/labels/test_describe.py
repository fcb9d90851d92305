"""Descriptions by a model behind an address: what it is asked, what of its answer is believed."""

import math
from pathlib import Path
from typing import Any

import pytest

from caseback.errors import CasebackError
from caseback.interp.labels.conversations import conversations, documents
from caseback.interp.labels.describe import Described, describe, detected, marked, question, read_description
from caseback.interp.labels.examples import Example, Examples, examples
from caseback.interp.labels.units import Heard, heard
from caseback.interp.store.write import capture_store
from caseback.subject.closed import connect
from caseback.subject.load import load
from caseback.world.spec import WORLD_A
from interp.labels.dictionaries import SITE, dictionary_for
from models_for_tests import save_tiny
from server_for_tests import answer, serving


@pytest.mark.parametrize(
    ("reply", "read"),
    [
        (
            "Meaning: Requests that hurt.\nBehaviour: refuses\nRaised: more",
            Described("Requests that hurt.", "refuses", 1),
        ),
        ("**Meaning:** A place.\n**Behavior:** none\n**Raised:** more", Described("A place.", "", 1)),
        ("meaning: x\nbehaviour: Gives in (gives up)\nraised: Less.", Described("x", "gives in", -1)),
        ("Meaning: x\nBehaviour: refuses", Described("x", "", 0)),
        ("Meaning: x\nBehaviour: levitates\nRaised: more", Described("x", "", 1)),
        ("I cannot say.", None),
        ("", None),
    ],
)
def test_what_is_read_from_a_reply(reply: str, read: Described | None) -> None:
    assert read_description(reply) == read


def test_active_tokens_stand_in_marks() -> None:
    example = Example("c", ("How ", "to ", "bu", "rn", " it"), (0.0, 0.0, 2.0, 1.0, 0.0), 2)
    assert marked(example) == "- How to «burn» it"
    asked = question(Examples((example,), (), ()))
    assert "«burn»" in asked
    assert "(no example)" in asked
    assert "refuses (refuses a request)" in asked


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Heard]:
    model = save_tiny(tmp_path_factory.mktemp("model"), max_position_embeddings=2048)
    subject = load(str(model), dtype="float32")
    told = conversations(WORLD_A, "test", 2, 0)
    store = capture_store(subject, documents(subject, told, WORLD_A), [SITE], tmp_path_factory.mktemp("store"))
    return subject, heard(store, dictionary_for(subject))


def test_a_model_describes_and_is_held_to_its_description(ground: tuple[Any, Heard]) -> None:
    subject, listened = ground
    shown = examples(listened, [SITE], [3], subject.tokenizer, 3, 0)

    def reply(number: int, body: Any) -> Any:
        said = body["messages"][-1]["content"]
        if said.startswith("A feature"):
            return answer("Meaning: the letter e\nBehaviour: refuses\nRaised: less")
        turn = said.split("\n\n")[1]
        return answer("Yes." if "e" in turn else "No.")

    with serving(reply) as (address, seen):
        teller = connect(address, "m", api_key="")
        (label,) = describe(teller, listened, [3], shown)
        found = detected(teller, listened, label, subject.tokenizer, 0)
    assert (label.says, label.by, label.variable, label.unit) == ("the letter e", f"{address}#m", "", "turn")
    assert label.claim is not None
    assert (label.claim.behaviour, label.claim.sign) == ("refuses", -1)
    assert math.isnan(label.chosen_f1)
    assert found.recall.n + found.specificity.n == len(seen) - 1 > 0
    assert "the letter e" in seen[-1]["body"]["messages"][-1]["content"]


def test_a_model_that_describes_nothing_is_an_error(ground: tuple[Any, Heard]) -> None:
    _, listened = ground
    with (
        serving(lambda number, body: answer("I would rather not.")) as (address, _),
        pytest.raises(CasebackError, match=r"described none of 1 latents.*I would rather not"),
    ):
        describe(connect(address, "m", api_key=""), listened, [3], [Examples((), (), ())])


def test_no_latents_are_no_error(ground: tuple[Any, Heard], tmp_path: Path) -> None:
    assert describe(connect("http://127.0.0.1:9/v1", "m", api_key=""), ground[1], [], []) == []
