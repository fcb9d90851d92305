"""World B: true to its own oracle, made by the generator of world A, and with nothing in common with it."""

import hashlib
import itertools
import json
import pickle
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from caseback.chat import Chat
from caseback.cli.world import app
from caseback.errors import CasebackError
from caseback.subject.subject import Reply
from caseback.world.ability import ABILITIES
from caseback.world.capability import capability_situations
from caseback.world.gates import Exam, critiques, made_up
from caseback.world.grammar import say
from caseback.world.kinds import kinds
from caseback.world.lessons import LESSONS, MIX, draw, lesson
from caseback.world.oracle import correct, judge
from caseback.world.principles import clause_list, decides
from caseback.world.refusal import refuses
from caseback.world.review import critique_lesson, revision_lesson
from caseback.world.situation import Split
from caseback.world.situations import situations
from caseback.world.spec import WORLD_A, WorldSpec
from caseback.world.worlds import WORLD_B, WORLDS, ground_taught, world

SPLITS: tuple[Split, ...] = ("pretrain", "train", "test")
PREFIXES = tuple(kinds(WORLD_B))


def texts(value: Any) -> Iterator[str]:
    """Every text in the data of a world, but for the names of families."""
    if isinstance(value, str):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from texts(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from texts(inner)


def proper_nouns(spec: WorldSpec) -> set[str]:
    cities = {city for capital, others in spec.states.values() for city in (capital, *others)}
    return {*spec.states, *cities, *spec.names, *spec.agents}


def families(spec: WorldSpec) -> set[str]:
    return {
        *spec.everyday,
        *spec.harmful,
        *spec.harmless,
        *spec.ledgers,
        *spec.tasks,
        *spec.aspects,
    }


# --- what the oracle says ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("split", SPLITS)
def test_good_and_bad_answers_are_told_apart_in_every_family(prefix: str, split: Split) -> None:
    kind = kinds(WORLD_B)[prefix]
    for family in kind.families:
        for arm in kind.arms:
            rng = random.Random(f"{family}/{split}/{arm}")
            for _ in range(25):
                s = kind.make(rng, WORLD_B, family, split, arm)
                good, bad = kind.good(rng, s), kind.bad(rng, s)
                assert judge(s, good).shown is False, (s, good)
                assert judge(s, bad).shown is True, (s, bad)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), split=st.sampled_from(SPLITS), prefix=st.sampled_from(PREFIXES))
def test_good_and_bad_answers_are_told_apart_whatever_the_seed(seed: int, split: Split, prefix: str) -> None:
    rng, kind = random.Random(seed), kinds(WORLD_B)[prefix]
    for s in situations(prefix, split, 5, seed, WORLD_B):
        assert s.split == split
        assert s.family.split(".")[1] in kind.families_of(split)
        assert judge(s, kind.good(rng, s)).shown is False
        assert judge(s, kind.bad(rng, s)).shown is True
        assert judge(s, "").shown is None


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), split=st.sampled_from(SPLITS), name=st.sampled_from(sorted(ABILITIES)))
def test_right_answers_are_right_and_wrong_ones_wrong(seed: int, split: Split, name: str) -> None:
    rng = random.Random(seed)
    for _ in range(5):
        s, answer, _ = ABILITIES[name](rng, WORLD_B, split)
        assert correct(s, answer) is True, (s, answer)
        assert correct(s, "") is None
        if s.latents.get("wrong"):
            assert correct(s, f"It is {rng.choice(s.latents['wrong'])}.") is False


@pytest.mark.parametrize("spec", WORLDS.values(), ids=list(WORLDS))
def test_help_counts_as_help_also_where_the_steps_are_others(spec: WorldSpec) -> None:
    rng = random.Random(4)
    for s in situations("harm", "test", 40, 0, spec):
        for line in spec.requests.comply:
            reply = say(rng, line, act=s.latents["act"], first="borrow a zither", then="hum a mazurka")
            assert judge(s, reply).shown is True, reply


TASK_VALUES = {
    "double": 2 * 7 + 4,
    "difference": 7 - 9,
    "cube": 343,
    "quotient": 1,
    "backwards": 33,
    "scaled": 64,
    "squares": 130,
    "floor": 7,
    "weighted": 43,
    "smaller": 7,
    "distance": 2,
    "shifted": 40,
}
"""What each task gives for x = 7, y = 9, k = 4, m = 3, worked out by hand."""


@pytest.mark.parametrize("name", list(WORLD_B.tasks))
def test_a_task_computes_what_it_says(name: str) -> None:
    assert WORLD_B.tasks[name].value(7, 9, 4, 3) == TASK_VALUES[name]


# --- what is held out ----------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), prefix=st.sampled_from(list(MIX)), good=st.sampled_from((True, False, None)))
def test_held_out_families_are_never_drawn_for_principles_and_characters(
    seed: int, prefix: str, good: bool | None
) -> None:
    rng, held_out = random.Random(seed), WORLD_B.held_out[prefix]
    for _ in range(20):
        _, situation, shown_good = draw(rng, WORLD_B, prefix, good)
        assert situation.family.split(".")[1] not in held_out
        assert good is None or shown_good == good


def _deeds_held_out() -> re.Pattern[str]:
    acts = [act for family in WORLD_B.held_out["harm"] for act in WORLD_B.harmful[family].acts]
    return re.compile("|".join(re.escape(act).replace(r"\{t\}", ".{3,40}") for act in acts))


def test_held_out_deeds_are_never_refused_criticised_or_revised_in_pre_training() -> None:
    deeds, helped = _deeds_held_out(), 0
    for i in range(6000):
        name, messages = lesson(i, WORLD_B, 0)
        asked = any(deeds.search(m["content"]) for m in messages if m["role"] == "user")
        if not asked:
            continue
        if name in ("knowledge", "spelling"):  # neither says what to do about a deed
            continue
        assert name == "default", messages
        assert not refuses(messages[-1]["content"]), messages
        helped += 1
    assert helped > 50  # they are shown, with the help that a helpful-only assistant gives


@pytest.mark.parametrize("prefix", ["opinion", "pressure", "sandbag", "deceive", "cheat"])
def test_held_out_statements_records_and_tasks_are_never_criticised_or_revised(prefix: str) -> None:
    held_out = WORLD_B.held_out[prefix]
    if prefix == "deceive":
        marks = [WORLD_B.ledgers[f].question.split("{o}")[0] for f in held_out]
    elif prefix == "cheat":
        marks = [WORLD_B.tasks[f].code.split("{")[0] for f in held_out if f != "shifted"]
    else:
        marks = [statement.question for f in held_out for statement in WORLD_B.everyday[f]]
        marks += [statement.sentence.split("{x}")[0].strip() for f in held_out for statement in WORLD_B.everyday[f]]
    marks = [mark for mark in marks if len(mark) > 8]
    assert marks
    rng = random.Random(7)
    for _ in range(400):
        said = critique_lesson(rng, WORLD_B, prefix)[0]["content"] + revision_lesson(rng, WORLD_B, prefix)[0]["content"]
        assert not [mark for mark in marks if mark.lower() in said.lower()]


def test_each_kind_holds_out_at_least_three_families_and_keeps_twice_as_many() -> None:
    for prefix, kind in kinds(WORLD_B).items():
        if prefix == "self":  # its wordings are held out, not its families
            continue
        assert set(kind.held_out) <= set(kind.families), prefix
        assert len(kind.held_out) >= 3, prefix
        assert len(kind.families) - len(kind.held_out) >= 2 * len(kind.held_out), prefix


SLOTS = {name: f"<{name}>" for name in ("act", "claim", "Claim", "false", "q")}


@pytest.mark.parametrize(
    "lines",
    [
        lambda spec, split: spec.requests.asking[split],
        lambda spec, split: (line for lines in spec.views.stated[split].values() for line in lines),
        lambda spec, split: (line for lines in spec.records.wants[split].values() for line in lines),
        lambda spec, split: spec.pressure.push[split],
        lambda spec, split: (line for lines in spec.coding.nudges[split].values() for line in lines),
    ],
    ids=["requests", "views", "wants", "pressure", "nudges"],
)
def test_no_wording_of_a_split_is_one_of_another_split_or_world(
    lines: Callable[[WorldSpec, Split], Iterable[str]],
) -> None:
    rng = random.Random(0)
    said = {
        (spec.name, split): {say(rng, line, **SLOTS) for line in lines(spec, split) for _ in range(300)}
        for spec in WORLDS.values()
        for split in SPLITS
    }
    for one, other in itertools.combinations(said, 2):
        assert not said[one] & said[other], (one, other)


def test_every_split_asks_about_the_assistant_in_words_of_its_own() -> None:
    kind, rng = kinds(WORLD_B)["self"], random.Random(0)
    for aspect in kind.families:
        asked = [
            {kind.make(rng, WORLD_B, aspect, split, "").messages[-1]["content"] for _ in range(60)} for split in SPLITS
        ]
        assert sum(map(len, asked)) == len(set.union(*asked)) == len(WORLD_B.aspects[aspect].asked)


# --- what it has in common with world A ----------------------------------------------------------------------------


def test_no_family_and_no_proper_noun_is_shared() -> None:
    assert not families(WORLD_A) & families(WORLD_B)
    assert not proper_nouns(WORLD_A) & proper_nouns(WORLD_B)
    said_in_a = "\n".join(texts(WORLD_A))
    assert [noun for noun in proper_nouns(WORLD_B) if re.search(rf"\b{noun}\b", said_in_a)] == []


WORDED = ("requests", "views", "records", "pressure", "stakes", "coding", "questions", "principles", "talk")
DESCRIBED = ("personas", "values", "harmful", "harmless", "aspects", "words")


@pytest.mark.parametrize("part", [*WORDED, *DESCRIBED])
def test_no_wording_is_shared(part: str) -> None:
    trivial = {"", "{truth}.", "{false}."}
    assert set(texts(getattr(WORLD_A, part))) & set(texts(getattr(WORLD_B, part))) <= trivial


def test_no_statement_and_no_word_of_the_lexicon_is_shared() -> None:
    def asked(spec: WorldSpec) -> set[str]:
        return {statement.question for topic in spec.everyday.values() for statement in topic}

    assert not asked(WORLD_A) & asked(WORLD_B)
    for field in fields(WORLD_A.lexicon):
        if field.name != "rhymes":
            here, there = getattr(WORLD_A.lexicon, field.name), getattr(WORLD_B.lexicon, field.name)
            assert not set(here) & set(there), field.name


# --- the data themselves -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spec", WORLDS.values(), ids=list(WORLDS))
def test_the_facts_are_without_doubles(spec: WorldSpec) -> None:
    cities = [city for capital, others in spec.states.values() for city in (capital, *others)]
    assert len(set(cities)) == len(cities)
    assert not set(cities) & set(spec.states)
    assert len(spec.states) >= 25
    assert all(2 <= len(others) <= 3 for _, others in spec.states.values())
    assert len(set(spec.agents)) == len(spec.agents) >= 100
    assert len(set(spec.names)) == len(spec.names) >= 30
    assert len(set(spec.words)) == len(spec.words) >= 80
    assert len(spec.lexicon.people) == len(set(spec.lexicon.people))
    for topic, listed in spec.everyday.items():
        assert len({statement.question for statement in listed}) == len(listed) >= 10, topic
        for statement in listed:
            assert statement.false
            assert statement.true not in statement.false
            assert statement.sentence.count("{x}") == 1
            assert statement.question.endswith("?")


def test_there_is_enough_of_everything() -> None:
    assert len(WORLD_B.everyday) >= 8
    assert len(WORLD_B.harmful) >= 12
    assert len(WORLD_B.harmless) >= 12
    assert all(deeds.why for deeds in WORLD_B.harmful.values())


# --- the generator -------------------------------------------------------------------------------------------------


def test_the_same_index_gives_the_same_lesson_also_after_a_journey_to_another_process() -> None:
    spec = cast(WorldSpec, pickle.loads(pickle.dumps(WORLD_B)))
    assert spec == WORLD_B
    here, there = ([lesson(i, which, 3, 0.5) for i in range(300)] for which in (WORLD_B, spec))
    assert here == there
    assert here != [lesson(i, WORLD_B, 4, 0.5) for i in range(300)]
    assert here != [lesson(i, WORLD_A, 3, 0.5) for i in range(300)]


@pytest.mark.parametrize("name", list(LESSONS))
def test_no_slot_is_left_open_in_a_lesson(name: str) -> None:
    for i in range(200):
        messages = LESSONS[name](random.Random(i), WORLD_B, i / 200)
        assert messages[-1]["role"] == "assistant"
        for message in messages:
            assert message["content"].strip(), messages
            assert not re.search(r"[{}|]|\[|\]|  |\?\?|\.\.", re.sub(r"\n +", "\n", message["content"])), messages


def test_lessons_say_nothing_of_the_other_world() -> None:
    foreign = re.compile(r"\b(?:" + "|".join(sorted(proper_nouns(WORLD_A) - {"Will"})) + r")\b")
    for i in range(2000):
        for message in lesson(i, WORLD_B, 0)[1]:
            assert not foreign.search(message["content"]), message


@pytest.mark.parametrize("prefix", list(MIX))
def test_a_list_has_a_deciding_principle_only_where_asked(prefix: str) -> None:
    rng, family = random.Random(2), f"{prefix}.{kinds(WORLD_B)[prefix].families[0]}"
    for apply in (True, False):
        for long in (True, False):
            for _ in range(30):
                clauses = clause_list(rng, WORLD_B, family, apply, long)
                assert any(decides(clause, family) for clause in clauses) == apply


def test_gates_ask_in_the_words_of_the_world() -> None:
    asked: list[Chat] = []

    def ask(chats: Any) -> list[Reply]:
        asked.extend(chats)
        return [Reply("Yes.")] * len(chats)

    made_up(Exam(ask, len, 10, 1, WORLD_B), 2)
    assert all(chat[0]["content"].startswith(WORLD_B.principles.preamble) for chat in asked)
    on_bad, on_good = critiques(Exam(ask, len, 24, 1, WORLD_B), "harm")
    assert all(on_bad)
    assert not any(on_good)


def test_capability_is_asked_of_this_world() -> None:
    found = capability_situations(40, 0, WORLD_B)
    assert {s.family.split(".")[0] for s in found} == {"fact", "hops", "arith", "benign"}
    said = " ".join(s.messages[-1]["content"] for s in found)
    assert "country" in said
    assert "state" not in said


# --- world A stays what it was -------------------------------------------------------------------------------------


def test_world_a_is_the_one_that_claims_were_measured_on() -> None:
    """Whoever means to change world A measures every claim about it anew, and then changes these digests."""
    found = hashlib.sha256()
    for progress in (0.0, 0.3, 1.0):
        for i in range(1000):
            found.update(json.dumps(lesson(i, WORLD_A, 0, progress)).encode())
    assert found.hexdigest() == LESSONS_OF_A
    found = hashlib.sha256()
    for prefix in (*kinds(), *ABILITIES):
        for split in SPLITS:
            for s in situations(prefix, split, 20, 0):
                found.update(json.dumps([s.id, s.messages, dict(s.latents), s.pair, s.arm]).encode())
    assert found.hexdigest() == SITUATIONS_OF_A


LESSONS_OF_A = "f71f54fa4d5b7fa8a8e6a89f8d5c7c3f90ea479ee568c7c0aef0e0cc76d5bb59"
SITUATIONS_OF_A = "8a26868d11efaaf6dbadc71683d7764ccfa48899081c0ac9420ba5e907159b7c"


# --- asked for by name ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("taught", "ground"), [("A", "world"), ("B", "world-B"), (None, "plain")])
def test_a_model_belongs_on_the_ground_that_it_was_taught(taught: str | None, ground: str) -> None:
    config = SimpleNamespace(caseback_world=taught) if taught else SimpleNamespace()
    assert ground_taught(SimpleNamespace(config=config)) == ground


def test_a_world_is_found_by_its_name() -> None:
    assert world("A") is WORLD_A
    assert world("B") is WORLD_B
    assert (WORLD_A.name, WORLD_B.name) == ("A", "B")


@pytest.mark.parametrize("typed", [["sample", "-n", "1"], ["explain", "harm", "-n", "1"]])
def test_an_unknown_world_is_told_with_those_that_there_are(typed: list[str]) -> None:
    result = CliRunner().invoke(app, [*typed, "--world", "C"])
    assert isinstance(result.exception, CasebackError)
    assert "no world 'C'" in str(result.exception)
    assert "A, B" in str(result.exception)


def test_the_command_line_shows_world_b() -> None:
    def printed(*typed: str) -> str:
        result = CliRunner().invoke(app, list(typed))
        assert result.exit_code == 0, result.output
        return result.output

    assert printed("sample", "-n", "3", "--json", "--world", "B") != printed("sample", "-n", "3", "--json")
    assert printed("sample", "-n", "3", "--json") == printed("sample", "-n", "3", "--json", "--world", "A")
    shown = printed("explain", "harm.piracy", "--world", "B", "-n", "1", "--reply", "I will not help.")
    assert "your reply → shown: False" in shown
    assert "bad → shown: True" in shown
