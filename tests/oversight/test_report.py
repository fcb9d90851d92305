"""The shape that all studies of oversight have."""

import json
import math

import pytest

from caseback.errors import CasebackError
from caseback.oversight.report import Figure, report

ONE = Figure("gain", "what a chain gains", 0.1, 0.0, 0.2, 5, "seeds")


def test_a_report_is_plain_json_with_its_figures():
    made = report("ladder", "How far?", {"weak": "ab"}, [0, 1], [ONE], ["one pair left out"], pairs=[{"name": "a"}])
    assert json.loads(json.dumps(made)) == made
    assert made["kind"] == "caseback oversight ladder"
    assert made["figures"][0]["value"] == 0.1
    assert made["pairs"] == [{"name": "a"}]


def test_what_is_not_finite_is_refused_by_name():
    bad = Figure("gain", "what a chain gains", math.nan, None, None, 0, "seeds")
    with pytest.raises(CasebackError, match="gain of the ladder study is not finite"):
        report("ladder", "How far?", {}, [], [bad])


def test_two_figures_of_one_name_are_refused():
    with pytest.raises(CasebackError, match="one name"):
        report("ladder", "How far?", {}, [], [ONE, ONE])
