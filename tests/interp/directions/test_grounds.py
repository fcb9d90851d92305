"""The labels of every ground agree with the world's own truth, and what is measured on was never fitted on."""

from collections.abc import Callable, Sequence

import pytest

from caseback.chat import Chat
from caseback.constitution.clause import Clause
from caseback.errors import CasebackError
from caseback.interp.directions.examples import Example
from caseback.interp.directions.grounds.catalogue import GROUNDS, ground
from caseback.interp.directions.grounds.offices import POWER, SCHEMING, decisive
from caseback.interp.directions.grounds.personas import TRAITS
from caseback.interp.directions.grounds.splits import lines_of
from caseback.interp.directions.grounds.statements import HIDING, LIE, SYCOPHANCY
from caseback.interp.directions.grounds.traits import clause_text, trait_data
from caseback.interp.directions.study import Data
from caseback.subject.subject import Reply, Sampling
from caseback.world.office.action import action_in
from caseback.world.office.scenes import SCENES
from caseback.world.worlds import WORLDS, world

N = 24
SCRIPTED = [name for name in GROUNDS if not name.startswith("persona")]


class Echo:
    """Replies with the system text it was given, so that what was put before it can be read off."""

    def generate(
        self, chats: Sequence[Chat], sampling: Sampling, *, progress: Callable[[int, int], None] | None = None
    ) -> list[Reply]:
        return [Reply(chat[0]["content"]) for chat in chats]


def made(name: str, world_name: str, seed: int = 0) -> Data:
    return ground(name).make(Echo(), world(world_name), N, seed, lambda done, total: None)  # type: ignore[arg-type]


def families(examples: Sequence[Example]) -> set[str]:
    return {example.family for example in examples}


@pytest.mark.parametrize("world_name", WORLDS)
@pytest.mark.parametrize("name", GROUNDS)
def test_families_do_not_overlap_and_both_classes_are_there(name: str, world_name: str) -> None:
    data = made(name, world_name)
    sets = {"fit": data.fit, "dev": data.dev, **data.tests}
    assert "plain" in sets
    for part, examples in sets.items():
        positives = sum(e.label for e in examples)
        assert positives >= 4, part
        assert 0.4 <= positives / len(examples) <= 0.6, part
    assert not families(data.fit) & families(data.dev)
    for part in data.tests:
        assert not families(data.tests[part]) & (families(data.fit) | families(data.dev)), part
    assert made(name, world_name) == data
    assert made(name, world_name, 1) != data


def test_what_is_fitted_on_is_not_what_is_measured_on_word_for_word() -> None:
    for name in SCRIPTED:
        data = made(name, "A")
        fitted = {example.text for example in (*data.fit, *data.dev)}
        assert not fitted & {example.text for part in data.tests.values() for example in part}, name


def test_harm_is_told_from_the_harmless_and_the_question_names_the_deed() -> None:
    data = made("harm", "A")
    table = {True: world("A").harmful, False: world("A").harmless}
    for example in (*data.fit, *data.dev, *data.tests["plain"]):
        assert example.family in table[example.label]
        assert example.question is not None
    spelled = data.tests["spelled out"][0]
    assert " / " in spelled.text
    assert spelled.question is not None
    assert " / " in spelled.question.text
    assert len(data.tests["long"][0].chat) == len(data.tests["plain"][0].chat) + 8


def test_a_lie_is_false_and_the_rest_is_true() -> None:
    states, capitals = world("A").states, {}
    capitals.update({f"the capital of {state.lower()} is {cap.lower()}": True for state, (cap, _) in states.items()})
    checked = 0
    for example in made("lie", "A").fit:
        if example.family == "capitals":
            stated = example.reply.lower()
            said = any(true in stated for true in capitals)
            assert said != example.label, example.reply
            checked += 1
    assert checked >= 2


@pytest.mark.parametrize("about", [LIE, SYCOPHANCY, HIDING])
def test_replies_of_both_classes_come_in_the_same_words(about: object) -> None:
    """Else the text alone would tell them apart: the first word of a reply must not give the class away."""
    data = made(about.name, "A")  # type: ignore[attr-defined]
    first = {label: {e.reply.split()[0] for e in data.fit if e.label == label} for label in (True, False)}
    assert first[True] & first[False]


@pytest.mark.parametrize("family", SCENES)
def test_the_decisive_action_is_what_the_good_script_never_does(family: str) -> None:
    assert decisive(["look", "take 9", "finish: x"], ["look", "take 2", "finish: x"]) == (1, "take 9", "take 2")
    assert decisive(["look", "wait", "erase log"], ["look", "wait"]) == (2, "erase log", "wait")
    used = {name for plan in (POWER, SCHEMING) for names in plan.values() for name in names}
    assert used <= set(SCENES)
    for name in ("power", "scheming"):
        for example in (*made(name, "A").fit, *made(name, "A").tests["plain"]):
            if example.family == family:
                assert action_in(example.reply).deed != "nonsense"


@pytest.mark.parametrize("world_name", WORLDS)
def test_a_trait_and_its_opposite_pull_apart(world_name: str) -> None:
    personas = world(world_name).personas
    for name, trait in TRAITS.items():
        own, other = personas[trait.persona].effects, personas[trait.opposite].effects
        assert set(own), name
        for kind in trait.kinds:
            assert kind in own, (name, kind)
            # The opposite does otherwise, or is not moved here and then does as a helpful-only model does.
            assert other.get(kind, not own[kind]) != own[kind], (name, kind)


def test_persona_replies_come_from_both_texts_on_the_same_situations() -> None:
    data = made("persona_liar", "A")
    asked = {label: [e.chat[-1]["content"] for e in data.fit if e.label == label] for label in (True, False)}
    assert asked[True] == asked[False]
    assert all(e.reply == e.chat[0]["content"] for e in data.fit)
    told = {label: {e.reply for e in data.fit if e.label == label} for label in (True, False)}
    assert not told[True] & told[False]
    assert not {e.reply for e in data.fit if e.label} & {e.reply for e in data.tests["plain"] if e.label}
    bare = data.tests["system text taken away"]
    assert all(message["role"] != "system" for e in bare for message in e.chat)


def test_a_trait_of_ones_own_and_a_clause_as_a_trait() -> None:
    data = trait_data(Echo(), ["Be kind."], ["Be cruel."], world("A"), 10, 0, lambda a, b: None)  # type: ignore[arg-type]
    assert {e.reply.split("\n")[0] for e in data.fit if e.label} == {"Be kind."}
    assert clause_text(Clause("a", "safe", "Do no harm.", "it hurts")) == "Do no harm. Because it hurts"


@pytest.mark.parametrize("count", range(1, 17))
def test_wordings_to_measure_on_are_never_fitted_on(count: int) -> None:
    fit, dev, test = (lines_of(range(count), part) for part in ("fit", "dev", "test"))  # type: ignore[arg-type]
    assert fit
    assert dev
    assert test
    if count > 1:
        assert not set(test) & (set(fit) | set(dev))
    if count > 2:
        assert not set(fit) & set(dev)


def test_an_unknown_ground_is_named() -> None:
    with pytest.raises(CasebackError, match="no ground is called 'evil': there are harm, test_awareness"):
        ground("evil")
