"""Every export is valid by the schema of those who read it, and says what the advisory says."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

from caseback.disclosure.exports.registry import GROUP, OWN, export, exports
from caseback.disclosure.exports.reports import asked, deadlines, regimes
from caseback.errors import CasebackError
from disclosure.bundle.making import advisory, drafted, negative, text_detector

SCHEMAS = Path(__file__).parent / "schemas"


def full(folder: Path) -> dict[str, Any]:
    """With a detector, references, credits and all."""
    made = json.loads(drafted(folder, text_detector(), recipe={})["advisory.json"])
    return made | {
        "published": "2026-11-01T09:00:00Z",
        "aliases": ["LAB-INTERNAL-7"],
        "references": [{"type": "ARTICLE", "url": "https://lab.example/a"}],
        "credits": [{"name": "A. Finder", "type": "FINDER", "contact": ["mailto:a@lab.example"]}],
        "timeline": [{"at": "2026-10-30T00:00:00Z", "what": "found"}],
        "withdrawn": "2026-11-01T10:00:00Z",
        "withdrawn_why": "no longer so",
    }


@pytest.fixture(scope="module")
def all_of_them(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return [advisory(), negative(), full(tmp_path_factory.mktemp("d")), advisory(handling={"tlp": "RED"})]


def stix_validators() -> dict[str, Draft202012Validator]:
    """By type of object; the schemas refer to each other by relative addresses."""
    found = {path: json.loads(path.read_text()) for path in (SCHEMAS / "stix" / "schemas").rglob("*.json")}
    registry = Registry().with_resources((each["$id"], Resource.from_contents(each)) for each in found.values())
    return {path.stem: Draft202012Validator(each, registry=registry) for path, each in found.items()}


def test_osv_is_valid_by_its_schema(all_of_them: list[dict[str, Any]]) -> None:
    schema = json.loads((SCHEMAS / "osv" / "schema.json").read_text())
    checks = Draft202012Validator(schema, format_checker=FormatChecker())
    for each in all_of_them:
        made = export("osv")(each)
        assert [error.message for error in checks.iter_errors(made)] == []
        assert made["id"] == f"x_{each['id']}"
        assert made["modified"] == each["modified"]
        assert made.get("withdrawn") == each.get("withdrawn")
    assert [*checks.iter_errors({**export("osv")(advisory()), "id": "LAB-2026-0001"})], "the schema checks something"


def test_stix_is_valid_by_its_schemas(all_of_them: list[dict[str, Any]]) -> None:
    checks = stix_validators()
    for each in all_of_them:
        made = export("stix")(each)
        assert [error.message[:200] for error in checks["bundle"].iter_errors(made)] == []
        for one in made["objects"]:
            assert [error.message[:200] for error in checks[one["type"]].iter_errors(one)] == []
        named = {one["id"] for one in made["objects"]}
        for one in made["objects"]:
            refs = [one[key] for key in ("source_ref", "target_ref", "created_by_ref") if key in one]
            assert set(refs) <= named
    bad = export("stix")(advisory())
    bad["objects"][1]["id"] = "nonsense"
    assert [*checks["bundle"].iter_errors(bad)], "the schema checks something"


def test_stix_is_the_same_each_time_and_another_for_another() -> None:
    assert export("stix")(advisory()) == export("stix")(advisory())
    assert export("stix")(advisory())["id"] != export("stix")(negative())["id"]


def test_a_detector_is_an_indicator_that_indicates(tmp_path: Path) -> None:
    objects = export("stix")(full(tmp_path))["objects"]
    kinds = [one["type"] for one in objects]
    assert kinds == ["identity", "vulnerability", "indicator", "relationship", "indicator", "relationship"]
    assert json.loads(objects[2]["pattern"])["name"] == "praise"
    assert all(one.get("revoked") for one in objects[1:])


def test_avid_is_valid_by_its_data_model(all_of_them: list[dict[str, Any]]) -> None:
    checks = Draft202012Validator(json.loads((SCHEMAS / "avid" / "report.schema.json").read_text()))
    for each in all_of_them:
        made = export("avid")(each)
        assert [error.message for error in checks.iter_errors(made)] == []
        assert made["metadata"]["report_id"] == each["id"]
    assert [*checks.iter_errors({**made, "problemtype": {"classof": "x"}})], "the schema checks something"


class Found:
    """An entry point of another package."""

    def __init__(self, name: str, load: Any) -> None:
        self.name, self.value, self.load = name, f"other:{name}", load


def test_another_package_adds_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from caseback.disclosure.exports import registry

    def points(*found: Found) -> None:
        monkeypatch.setattr(registry, "entry_points", lambda group: [*found] if group == GROUP else [])

    points(Found("flare", lambda: lambda each: {"id": each["id"]}))
    assert export("flare")(advisory()) == {"id": "LAB-2026-0001"}
    assert set(exports()) == {*OWN, "flare"}
    points(Found("osv", lambda: None))
    with pytest.raises(CasebackError, match="taken"):
        exports()
    points(Found("broken", lambda: 1 / 0))
    with pytest.raises(CasebackError, match="ZeroDivisionError"):
        exports()
    points()
    with pytest.raises(CasebackError, match="osv, stix, avid"):
        export("word")


def test_deadlines_are_as_the_laws_files_say(tmp_path: Path) -> None:
    from disclosure.bundle.making import START

    known = regimes()
    due = deadlines(known, START)
    hours = {(each.regime, (each.at - START).total_seconds() / 3600) for each in due}
    assert {("California SB-53", 360.0), ("California SB-53", 24.0), ("New York RAISE Act", 72.0)} <= hours
    assert {hour for name, hour in hours if name.startswith("EU")} == {48.0, 240.0, 360.0}
    assert [each.at for each in due] == sorted(each.at for each in due)
    values = {(each.regime, each.field): each.value for each in asked(known, advisory())}
    assert values["California SB-53", "date of the incident"] == "2026-10-30T00:00:00Z"
    assert values["EU AI Act, article 73", "system"] == "example-7b"
    assert values["EU AI Act, article 73", "immediate actions"] is None
    one = {**known[0], "name": "House rule", "deadlines": [{"when": "always", "hours": 1}]}
    (tmp_path / "house.json").write_text(json.dumps(one))
    assert deadlines(regimes(tmp_path), START)[0].regime == "House rule"
    (tmp_path / "house.json").write_text("{}")
    with pytest.raises(CasebackError, match=r"house\.json"):
        regimes(tmp_path)
