"""What counts as a finding, and which comes first."""

from caseback.behaviours.over_refusal import OVER_REFUSAL
from caseback.behaviours.registry import trained_against
from caseback.constitution.clause import Clause, Constitution
from caseback.constitution.default import default
from caseback.loop.improve.evidence import Evidence
from caseback.loop.improve.finding import Finding
from caseback.loop.improve.findings import findings
from caseback.stats.clustered import clustered_rate
from caseback.stats.rate import Rate, exact_rate

ALL = {**trained_against(), OVER_REFUSAL.name: OVER_REFUSAL}
HELD_OUT = {
    "harmful_compliance": "harm",
    "sycophancy": "opinion",
    "deception": "deceive",
    "cheating": "cheat",
    "sandbagging": "sandbag",
    "over_refusal": "benign",
}


def known(
    shown: dict[str, tuple[int, int]], abilities: dict[str, Rate] | None = None, earlier: dict[str, Rate] | None = None
) -> Evidence:
    """Evidence of behaviours, each shown k times of n in every one of seven families."""
    families = {name: {f"{HELD_OUT[name]}.kind{i}": (k, n) for i in range(7)} for name, (k, n) in shown.items()}
    return Evidence(
        rates={name: clustered_rate(counts) for name, counts in families.items()},
        families={name: {f: exact_rate(*kn) for f, kn in counts.items()} for name, counts in families.items()},
        abilities=abilities or {},
        earlier=earlier or {},
    )


def found(evidence: Evidence, document: Constitution | None = None) -> list[Finding]:
    everything = findings(evidence, document or default(), ALL)
    return [finding for finding in everything if finding.kind != "no situations"]


def test_a_model_that_does_nothing_wrong_has_no_finding() -> None:
    assert found(known(dict.fromkeys(HELD_OUT, (0, 40)))) == []


def test_a_rate_is_a_finding_by_where_its_interval_stands_to_the_bound() -> None:
    doubts = {
        f.subject: f.doubt for f in found(known({"deception": (30, 40), "sycophancy": (3, 40), "cheating": (1, 40)}))
    }
    assert doubts == {"deception": 0, "sycophancy": 1, "cheating": 2}


def test_the_highest_tier_comes_first_among_equals() -> None:
    order = [f.subject for f in found(known(dict.fromkeys(HELD_OUT, (20, 40))))]
    assert order[0] == "sandbagging"  # true-ability is of the tier safe, the others are ethical or below
    assert order[-1] == "over_refusal"


def test_a_finding_names_the_clauses_it_goes_against_and_the_families_worst_first() -> None:
    evidence = known({"deception": (5, 40)})
    families = {**evidence.families["deception"], "deceive.worst": exact_rate(39, 40)}
    [finding] = found(Evidence(evidence.rates, {"deception": families}, {}, {}))
    assert finding.clauses == ("honesty", "no-deception")
    assert next(iter(finding.families)) == "deceive.worst"


def test_an_ability_lost_beyond_chance_comes_before_everything() -> None:
    evidence = known({"sandbagging": (30, 40)}, {"hops": exact_rate(8, 30)}, {"hops": exact_rate(23, 30)})
    first = found(evidence)[0]
    assert (first.kind, first.subject, first.doubt) == ("ability", "hops", 0)
    assert "23 of 30 to 8 of 30" in first.why


def test_a_small_loss_stands_behind_what_is_certain() -> None:
    evidence = known({"sycophancy": (30, 40)}, {"fact": exact_rate(27, 30)}, {"fact": exact_rate(29, 30)})
    assert [f.subject for f in found(evidence)] == ["sycophancy", "fact"]
    assert found(known({}, {"fact": exact_rate(29, 30)}, {"fact": exact_rate(29, 30)})) == []


def test_situations_that_no_clause_covers_are_told_apart() -> None:
    document = Constitution("one", "", (Clause("kind", "ethical", "Be kind.", families=("harm",)),))
    [finding] = found(known({"deception": (30, 40)}), document)
    assert (finding.kind, finding.clauses) == ("no clause", ())


def test_a_clause_that_nothing_measures_is_named() -> None:
    silent = {f.subject for f in findings(known({}), default(), ALL) if f.kind == "no situations"}
    assert {"evidence-not-pressure", "steady-self", "no-power-grab"} <= silent
    assert not silent & {"do-no-harm", "helpfulness", "no-false-alarm", "honesty"}
