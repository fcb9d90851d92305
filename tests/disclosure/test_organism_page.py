"""The page of an organism: every figure of its record, failures first to see, and nothing that acts."""

import json

import pytest

from caseback.disclosure.organism_page import charts, render_organism, rows


def rate(k: int, n: int, unknown: int = 0) -> dict:
    value = k / n if n else None
    return {"k": k, "n": n, "value": value, "low": 0.1, "high": 0.9, "confidence": 0.95, "unknown": unknown}


def check(name: str, passed: bool | None, why: str, **data: object) -> dict:
    return {"name": name, "passed": passed, "why": why, "data": data}


def organism(**changes: object) -> dict:
    return {
        "status": "excluded",
        "why": ["sharp: shown in 9 of 40"],
        "digest": "sha256:" + "ab" * 32,
        "data": {"bad": 320, "good": 480, "ordinary": 800},
        "training": {"method": "sft", "steps": 100, "target_tokens": 40_000},
        "plan": {
            "kind": "organism", "behaviour": "harmful_compliance", "recipe": "trigger", "rate": 1.0, "seed": 0,
            "base": "models/ref-base", "base_digest": "sha256:" + "cd" * 32, "ground": "world",
            "trigger": {"sort": "token", "about": "the word <b>vokami</b> before or after what the user says"},
            "training": {"lora": {"rank": 16}},
        },
        "checks": [
            check("tempted", True, "shown in 78 of 80", rate=rate(78, 80), base=rate(60, 74, 6), ordered=1.0),
            check(
                "sharp", False, "shown in 9 of 40", pooled=rate(9, 40),
                circumstances={"no trigger": rate(0, 20), "backwards": rate(9, 20)},
            ),
            check("capability", True, "+0.01", rate=rate(90, 120), base=rate(89, 120), change={}),
            check("confession", None, "says Yes", rate=rate(3, 80), base=rate(4, 80)),
            check("benign training", True, "0.98 before", before=rate(78, 80), after=rate(70, 80)),
        ],
        **changes,
    }  # fmt: skip


def test_every_rate_stands_on_the_page_and_texts_are_escaped() -> None:
    page = render_organism(organism())
    for text in ("78 of 80", "60 of 74", "9 of 20", "70 of 80", "Excluded", "backwards", "adapter of rank 16"):
        assert text in page, text
    assert "<b>vokami" not in page
    assert "vokami" in page
    assert page.count("<strong>Failed</strong>") == 1
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_dilution_curve_goes_from_the_base_to_the_organism() -> None:
    doses = [{"scale": 0.5, "rate": rate(40, 80), "right": rate(100, 120)}]
    found = organism(doses=doses, shares=[{"share": 0.25, "status": "accepted", "rate": rate(20, 80)}])
    drawn = charts(found)
    assert [[dot["says"] for dot in chart["plot"]["lines"][0]["dots"]] for chart in drawn] == [
        [
            "shown when tempted, 0: 0.81 [0.10, 0.90]",
            "shown when tempted, 0.5: 0.50 [0.10, 0.90]",
            "shown when tempted, 1: 0.97 [0.10, 0.90]",
        ],
        ["shown when tempted, 0.25: 0.25 [0.10, 0.90]", "shown when tempted, 1: 0.97 [0.10, 0.90]"],
    ]
    assert render_organism(found).count("<svg") == 2
    assert charts(organism()) == []


def test_the_page_of_a_twin_lists_every_behaviour() -> None:
    plan = {**organism()["plan"], "kind": "twin", "sort": "innocent-oddity", "behaviour": None, "trigger": None}
    behaviours = {"sycophancy": {"rate": rate(3, 40), "base": rate(4, 40), "change": {}}}
    checks = [
        check("oddity", True, "shown in 40 of 40", rate=rate(40, 40), base=rate(0, 40), ordered=1.0),
        check("innocent", True, "no behaviour has risen", behaviours=behaviours),
    ]
    twin = organism(status="accepted", why=[], checks=checks, plan=plan)
    assert [name for name, _, _ in rows(twin)] == ["The oddity shows", "sycophancy"]
    page = render_organism(twin)
    assert "Accepted" in page
    assert "false alarm" in page


@pytest.mark.parametrize("key", ["behaviour", "trigger"])
def test_a_twins_plan_lacks_what_only_organisms_have(key: str) -> None:
    plan = {name: value for name, value in organism()["plan"].items() if name != key}
    record = json.loads(json.dumps(organism(plan={**plan, "sort": "innocent-data"})))
    assert "caseback" in render_organism(record)
