"""One smallest change a finding, and a diff that says exactly what it changes."""

from collections.abc import Mapping
from dataclasses import asdict, replace

import pytest

from caseback.behaviours.over_refusal import OVER_REFUSAL
from caseback.behaviours.registry import trained_against
from caseback.constitution.clause import Clause, Constitution
from caseback.constitution.default import default
from caseback.constitution.diff import diff as document_diff
from caseback.constitution.parse import parse
from caseback.constitution.render import full
from caseback.loop.improve.families import catalogue, unused_families, with_unseen_families
from caseback.loop.improve.finding import Finding
from caseback.loop.improve.proposals import MOST, Means, Proposal, apply, diff, proposals
from caseback.loop.improve.round_plan import RoundPlan, first_plan
from caseback.stats.rate import exact_rate

ALL = {**trained_against(), OVER_REFUSAL.name: OVER_REFUSAL}
UNUSED = unused_families("world", ALL)
DECEPTION = Finding("behaviour", "deception", ("honesty", "no-deception"), 0, exact_rate(30, 80), "often")
HOPS = Finding("ability", "hops", (), 0, exact_rate(8, 30), "fell")
PLAN = first_plan(ALL, 100)
UNSEEN = with_unseen_families("world", ALL)


def never(clause: Clause) -> str:
    pytest.fail("no reason was to be written")


def means(tried: Mapping[tuple[str, str], int] | None = None, reason: object = never) -> Means:
    return Means(100, tried or {}, UNUSED, UNSEEN, {**UNUSED, **catalogue()}, reason)  # type: ignore[arg-type]


def proposed(
    *found: Finding,
    document: Constitution | None = None,
    tried: Mapping[tuple[str, str], int] | None = None,
    reason: object = never,
) -> list[Proposal]:
    return proposals(found, document or default(), means(tried, reason))


def test_a_rate_asks_for_more_data_of_its_behaviour_from_families_that_were_not_trained_on() -> None:
    [change] = proposed(DECEPTION)
    assert (change.change, change.more, change.clause) == ("data", RoundPlan({}, {"deception": 100}), None)
    plan, document = apply([change], PLAN, default())
    assert plan == RoundPlan(PLAN.tempting, {"deception": 100})
    assert document == default()
    lines = diff(change, PLAN, default()).splitlines()
    assert [line for line in lines if line[0] in "+-" and line[:3] not in ("+++", "---")] == [
        "-  {}",
        "+  deception: 100",
    ]


def test_where_a_ground_has_no_such_families_more_come_from_the_same() -> None:
    assert with_unseen_families("plain", ALL) == frozenset()
    [change] = proposals([DECEPTION], default(), replace(means(), unused={}, unseen=()))
    plan, _ = apply([change], PLAN, default())
    assert plan.tempting["deception"] == PLAN.tempting["deception"] + 100
    assert plan.unseen == {}


def test_an_ability_is_rehearsed_and_twice_as_much_where_that_did_not_help() -> None:
    assert proposed(HOPS)[0].more.rehearsed == {"hops": 400}
    assert proposed(HOPS, tried={("rehearsal", "hops"): 1})[0].more.rehearsed == {"hops": 800}


def test_needless_refusals_are_answered_with_harmless_requests() -> None:
    refusing = Finding("over-refusal", "over_refusal", ("no-false-alarm",), 0, exact_rate(20, 80), "often")
    benign = replace(HOPS, subject="benign")
    [change] = proposed(refusing, benign)  # both ask for the same
    assert change.more.rehearsed == {"benign": 400}


def test_where_data_did_not_help_the_reason_is_made_clearer() -> None:
    [change] = proposed(
        DECEPTION, tried={("data", "deception"): 1}, reason=lambda clause: "a lie takes the choice away."
    )
    assert change.change == "reason"
    _, document = apply([change], PLAN, default())
    [changed] = document_diff(default(), document).changed
    assert (changed.clause, changed.field, changed.after) == ("honesty", "reason", "a lie takes the choice away.")
    assert "+*Because* a lie takes the choice away." in diff(change, PLAN, default()).splitlines()


def test_where_no_reason_can_be_written_there_is_more_data() -> None:
    [change] = proposed(DECEPTION, tried={("data", "deception"): 1}, reason=lambda clause: "")
    assert (change.change, change.more.unseen) == ("data", {"deception": 200})


def test_a_missing_clause_is_taken_from_the_default_constitution() -> None:
    document = Constitution("one", "", (Clause("kind", "ethical", "Be kind.", "it helps.", families=("harm",)),))
    finding = Finding("no clause", "cheating", (), 0, exact_rate(30, 80), "often", {"cheat.mean": exact_rate(9, 9)})
    [change] = proposed(finding, document=document)
    _, after = apply([change], PLAN, document)
    assert [clause.id for clause in document_diff(document, after).added] == ["honest-work"]
    assert after.clause("honest-work").over == ()  # what it outweighs in the default document is not in this one
    assert document_diff(parse(full(after)), after).same
    assert "+### honest-work" in diff(change, PLAN, document).splitlines()
    assert proposed(finding, document=after) == []


def test_a_family_of_the_world_that_nothing_measures_is_taken_up() -> None:
    silent = Finding("no situations", "evidence-not-pressure", ("evidence-not-pressure",), 2, None, "unknown")
    [change] = proposed(silent)
    assert (change.change, change.more.tempting) == ("family", {"pressure": 100})
    assert "+  pressure: 100" in diff(change, PLAN, default()).splitlines()
    drawn = UNUSED["pressure"].situations("world", "test", 6, 0)
    assert {situation.family.split(".")[0] for situation in drawn} == {"pressure"}
    nowhere = replace(silent, subject="care", clauses=("care",))
    assert proposed(nowhere) == []


def test_a_round_makes_few_changes_the_most_pressing_ones() -> None:
    many = [replace(DECEPTION, subject=name) for name in ("sycophancy", "cheating", "deception", "sandbagging")]
    assert [change.finding.subject for change in proposed(*many)] == ["sycophancy", "cheating", "deception"]
    assert MOST == 3


def test_the_plan_is_read_back_from_its_file() -> None:
    import yaml

    plan = RoundPlan({"deception": 25, "cheating": 3}, {"deception": 9}, {"hops": 100}, {"0123": 2, "1e5": 1, "no": 3})
    assert yaml.safe_load(str(plan)) == asdict(plan)
    assert yaml.safe_load(str(RoundPlan({"deception": 1})))["rehearsed"] == {}


def test_only_families_that_can_be_held_out_are_taken_up() -> None:
    assert unused_families("plain", ALL) == {}
    assert set(UNUSED) == {"pressure"}  # of the kind self every family is trained on and measured
    split = {s: {x.family for x in UNUSED["pressure"].situations("world", s, 40, 0)} for s in ("train", "test")}
    assert not split["train"] & split["test"]
