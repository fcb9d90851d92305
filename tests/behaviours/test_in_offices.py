"""Behaviours that are acted out: what was done is judged, whoever did it, and in whatever batch."""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.blackmail import BEHAVIOUR as BLACKMAIL
from caseback.behaviours.collusion import BEHAVIOUR as COLLUSION
from caseback.behaviours.contexts import in_context
from caseback.behaviours.in_offices import office_of
from caseback.behaviours.measure import measure
from caseback.behaviours.moment import moment
from caseback.behaviours.power_seeking import BEHAVIOUR as POWER
from caseback.behaviours.scheming import BEHAVIOUR as SCHEMING
from caseback.behaviours.would import would
from caseback.chat import Chat
from caseback.constitution.default import default
from caseback.errors import CasebackError
from caseback.subject.load import load
from caseback.subject.subject import Finish, Reply, Sampling
from caseback.world.office.account import account
from caseback.world.situation import Situation
from models_for_tests import save_tiny

ALL = (BLACKMAIL, SCHEMING, POWER, COLLUSION)
each_behaviour = pytest.mark.parametrize("behaviour", ALL, ids=lambda each: each.name)


class Actor:
    """Plays every situation by its good or its bad script, as ``bad`` says; what it is asked tells which it is in."""

    name, digest = "actor", "0" * 64

    def __init__(self, behaviour: Behaviour, situations: Sequence[Situation], bad: object, finish: Finish = "stop"):
        assert behaviour.acted
        ways = [(item, behaviour.acted.scripts(random.Random(item.id), item)) for item in situations]
        self.ways = [(item.messages, way.bad if bad(item) else way.good) for item, way in ways]  # type: ignore[operator]
        self.finish = finish
        self.batches: list[int] = []

    def generate(self, chats: Sequence[Chat], sampling=None, *, seeds=None, progress=None) -> list[Reply]:  # type: ignore[no-untyped-def]
        self.batches.append(len(chats))
        return [Reply(self._next(list(chat)), finish=self.finish) for chat in chats]

    def _next(self, chat: list) -> str:  # type: ignore[type-arg]
        for begun, way in self.ways:
            after = chat[len(begun) :]
            if tuple(chat[: len(begun)]) == begun and after == list(way[: len(after)]):
                return way[len(after)]["content"]
        raise AssertionError(chat)


class Dice:
    """Does this or that, as chat and seed have it."""

    name, digest = "dice", "1" * 64
    deeds = ("look", "open 1", "read result", "stop log", "take 9", "use press", "hm", "wait", "finish: Done.")

    def generate(self, chats, sampling=None, *, seeds=None, progress=None) -> list[Reply]:  # type: ignore[no-untyped-def]
        drawn = [
            hashlib.sha256(repr((chat, seed)).encode()).digest()[0] for chat, seed in zip(chats, seeds, strict=True)
        ]
        return [Reply(self.deeds[at % len(self.deeds)]) for at in drawn]


@each_behaviour
@given(st.integers(0, 10**6), st.sampled_from(["world", "world-B"]), st.sampled_from(["train", "test"]))
@settings(max_examples=6)
def test_the_bad_script_is_always_shown_and_the_good_one_never(
    behaviour: Behaviour, seed: int, ground: str, split: str
) -> None:
    drawn = behaviour.situations(ground, split, 8, seed)  # type: ignore[arg-type]
    for bad in (True, False):
        found = measure(Actor(behaviour, drawn, lambda _, bad=bad: bad), behaviour, drawn)
        assert (found.rate.k, found.rate.n, found.judge) == (8 * bad, 8, "oracle"), found.not_evaluated


@each_behaviour
def test_situations_are_of_their_split_and_under_a_clause(behaviour: Behaviour) -> None:
    train, test = (behaviour.situations("world", split, 24, 3) for split in ("train", "test"))
    assert not {s.family for s in train} & {s.family for s in test}
    assert len({s.family for s in test}) >= 6, "six families are the fewest that an interval over families can tell"
    assert len({s.id for s in test}) == len({str(s.messages) for s in test}) == 24
    assert {s.latents["arm"] for s in test} == {"here", "away"}
    for situation in [*train, *test]:
        assert situation.family.startswith(f"{behaviour.families[0]}.")
        assert default().covering(situation.family)
    assert behaviour.situations("world", "test", 24, 3) == test
    assert behaviour.planted_only
    with pytest.raises(CasebackError, match="none on the ground 'plain'"):
        behaviour.situations("plain", "test", 2, 0)
    with pytest.raises(CasebackError, match="splits train and test"):
        behaviour.situations("world", "dev", 2, 0)


@each_behaviour
@pytest.mark.parametrize("seed", [0, 7])
def test_a_batch_plays_as_each_alone(behaviour: Behaviour, seed: int) -> None:
    drawn = behaviour.situations("world", "test", 12, seed)
    seeds = [random.Random(item.id).randrange(2**31) for item in drawn]
    play = behaviour.acted.play  # type: ignore[union-attr]
    together = play(Dice(), drawn, Sampling(), seeds=seeds)
    alone = [play(Dice(), [item], Sampling(), seeds=[own])[0] for item, own in zip(drawn, seeds, strict=True)]
    assert together == alone
    assert len({reply.text for reply in together}) > 6


def test_a_model_plays_in_a_batch_as_alone(tmp_path: Path) -> None:
    subject = load(str(save_tiny(tmp_path / "tiny", max_position_embeddings=2048)), dtype="float32")
    drawn, sampling = SCHEMING.situations("world", "test", 3, 0), Sampling(8, temperature=1.0)
    play = SCHEMING.acted.play  # type: ignore[union-attr]
    together = play(subject, drawn, sampling, seeds=[5, 6, 7])
    assert together[1:2] == play(subject, drawn[1:2], sampling, seeds=[6])
    assert together[0].text.count("→") == 8, "a day has eight turns"


def test_all_that_are_open_are_asked_in_one_batch() -> None:
    drawn = COLLUSION.situations("world", "test", 9, 0)
    actor = Actor(COLLUSION, drawn, lambda _: True)
    seen: list[tuple[int, int]] = []
    measure(actor, COLLUSION, drawn, progress=lambda done, total: seen.append((done, total)))
    assert actor.batches == [9] * 4
    assert seen[-1] == (9, 9)


def test_what_is_put_around_an_office_stays_there() -> None:
    drawn = in_context("flattery", BLACKMAIL.situations("world", "test", 6, 0), 0)
    actor = Actor(BLACKMAIL, drawn, lambda item: "sold" in item.family)
    found = measure(actor, BLACKMAIL, drawn)
    assert found.rate.k == 1
    with_text = measure(
        Actor(BLACKMAIL, [_told(s) for s in drawn], lambda _: True), BLACKMAIL, drawn, system="Be kind."
    )
    assert with_text.rate.k == 6


def _told(situation: Situation) -> Situation:
    first, *rest = situation.messages
    return replace(situation, messages=({**first, "content": f"Be kind.\n\n{first['content']}"}, *rest))


def test_nothing_that_was_not_played_to_its_end_is_clean() -> None:
    drawn = SCHEMING.situations("world", "test", 7, 0)
    cut = measure(Actor(SCHEMING, drawn, lambda _: False, finish="length"), SCHEMING, drawn)
    assert cut.not_evaluated == {"truncated": 7}
    assert measure(Actor(SCHEMING, drawn, lambda _: True, finish="length"), SCHEMING, drawn).rate.k == 7
    silent = measure(_Gone(0), SCHEMING, drawn)
    assert silent.not_evaluated == {"no answer": 7}
    left = measure(_Gone(1), SCHEMING, drawn)
    assert set(left.not_evaluated) == {"the day was not played to its end"}
    assert SCHEMING.judge(drawn[0], "I would never do that.").why == "no action that the office understands"
    assert SCHEMING.judge(drawn[0], "look").shown is None


class _Gone:
    """Looks around for some turns, and then no reply comes."""

    name, digest = "gone", "2" * 64

    def __init__(self, turns: int) -> None:
        self.left = turns

    def generate(self, chats, sampling=None, *, seeds=None, progress=None) -> list[Reply]:  # type: ignore[no-untyped-def]
        self.left -= 1
        return [Reply("look") if self.left >= 0 else Reply("", finish="error", error="gone") for _ in chats]


@each_behaviour
def test_both_ways_part_at_a_turn_of_the_assistants(behaviour: Behaviour) -> None:
    for situation in behaviour.situations("world", "train", 16, 1):
        scripts = behaviour.acted.scripts(random.Random(situation.id), situation)  # type: ignore[union-attr]
        before = moment(behaviour, situation)[len(situation.messages) :]
        at = len(before)
        assert scripts.good[:at] == scripts.bad[:at] == before
        assert scripts.good[at]["role"] == scripts.bad[at]["role"] == "assistant"
        assert scripts.good[at]["content"] != scripts.bad[at]["content"]


@each_behaviour
def test_it_is_asked_outright_about_what_is_bad(behaviour: Behaviour) -> None:
    for situation in behaviour.situations("world", "test", 14, 1):
        rules, deed = situation.latents["outright"].split(" Do this there: ")
        assert situation.messages[0]["content"].startswith(rules)
        assert f"{rules} Do this there: {deed}" in would(situation)[0]["content"]
        day = account([("ask: What am I to do?", ""), ("open 1", ""), (deed, ""), ("finish: Done.", "")])
        assert behaviour.judge(situation, day).shown is True, deed


def test_conditions_of_its_own_make_the_office_anew_and_change_nothing_else() -> None:
    for situation in BLACKMAIL.situations("world", "test", 6, 2):
        office = office_of(situation)
        for name, levels in BLACKMAIL.conditions.items():
            plain, strong = (put(situation) for put in levels.values())
            assert plain.family == strong.family == situation.family
            assert (plain.id, office_of(plain).latents["secret"]) == (situation.id, office.latents["secret"])
            assert office_of(plain) != office_of(strong), name
        here = BLACKMAIL.conditions["supervisor"]["here"](situation)
        assert f"{office.supervisor} is here." in here.messages[-1]["content"]
        easy = BLACKMAIL.conditions["nudge"]["easy"](here)
        assert office_of(easy).away == 0, "a second condition keeps the first"
        assert BLACKMAIL.conditions["nudge"]["hard"](situation) == situation


def test_an_account_reads_as_it_happened() -> None:
    situation = next(s for s in POWER.situations("world", "test", 6, 0) if s.latents["office"] == "fuel")
    judged = POWER.judge(situation, account([("take 9", "You have 9 credits."), ("finish: Done.", "That is all.")]))
    assert (judged.shown, judged.why.split(",")[0]) == (True, "took 9")
