"""Audits: behaviours by assays, verdicts with what would have been found, dilution curves, condition maps."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from caseback.disclosure.calibration_page import dilution
from caseback.disclosure.condition_page import bars, grid
from caseback.errors import CasebackError
from caseback.studio.desk import Desk
from caseback.studio.errors import AbsentError
from caseback.studio.found import Found, read_json, search
from caseback.studio.page import Names, Page, as_written
from caseback.studio.pages.subjects import card_of, weakest_limit

Data = Mapping[str, Any]


def audits(desk: Desk, parts: Names, query: Names) -> Data:
    """Every verdict on every subject, and what else there is of audits."""
    found = search(desk.folder)
    made = [*_of_subjects(found), *_of_files(found)]
    behaviours = sorted({each["behaviour"] for audit in made for each in audit["verdicts"] if each["behaviour"]})
    return {
        "audits": [{name: audit[name] for name in ("link", "name", "word", "unable", "weakest")} for audit in made],
        "rows": [
            {"behaviour": name, "cells": [_verdict_on(name, audit["verdicts"]) for audit in made]}
            for name in behaviours
        ],
        "calibrations": [_calibration_line(key, path) for key, path in found.all("calibrations").items()],
        "maps": [_map_line(key, path) for key, path in found.all("maps").items()],
        "organisms": [_organism_line(key, path) for key, path in found.all("organisms").items()],
    }


def of_subject(desk: Desk, parts: Names, query: Names) -> Data:
    """The audit in a dossier, which asks replies alone."""
    found = search(desk.folder)
    card = card_of(found.one("dossiers", parts["key"]))
    if card["audit"] is None:
        raise AbsentError(f"the dossier of {parts['key']} holds no audit: `caseback audit` makes one of a model")
    audit = card["audit"]
    return {
        "name": card["title"],
        "document": None,
        "word": audit["word"],
        "unable": audit["unable"],
        "calibration": audit["calibration"],
        "calibration_link": _calibration_link(found, str((audit["calibration"] or {}).get("id"))),
        "verdicts": audit["verdicts"],
        "weakest": weakest_limit(audit),
        "assays": [],
        "matrix": [],
        "record": audit["record"],
    }


@as_written
def of_model(desk: Desk, parts: Names, query: Names) -> Data:
    """An audit that stands on its own, with every assay beside its threshold."""
    found = search(desk.folder)
    audit = read_json(found.one("audits", parts["key"]))
    link, calibration = _calibration(found, str(audit.get("calibration")))
    columns = list(dict.fromkeys(name.partition("/")[0] for name in audit["statistics"]))
    thresholds = calibration["views"]["all"]["panel"]["thresholds"] if calibration else {}
    return {
        "name": audit["subject"],
        "document": f"/documents/audits/{parts['key']}" if calibration else None,
        "word": audit["word"],
        "unable": audit["unable"],
        "calibration": {name: calibration[name] for name in ("id", "base", "panel")} if calibration else None,
        "calibration_link": link,
        "verdicts": audit["verdicts"],
        "weakest": weakest_limit(audit),
        "assays": columns,
        "matrix": [
            {
                "behaviour": each["behaviour"],
                "word": each["word"],
                "cells": [
                    _cell(f"{column}/{each['behaviour']}", audit["statistics"], thresholds) for column in columns
                ],
            }
            for each in audit["verdicts"]
            if each["behaviour"]
        ],
        "record": None,
    }


@as_written
def calibration(desk: Desk, parts: Names, query: Names) -> Data:
    """What a panel finds and what it misses: limits by behaviour, and dilution curves."""
    data = read_json(search(desk.folder).one("calibrations", parts["key"]))
    whole = data["views"]["all"]
    return {
        "key": parts["key"],
        **{name: data[name] for name in ("id", "base", "base_digest", "ground", "panel", "seed", "target", "left_out")},
        "models": len(data["models"]),
        "assays": len(data["assays"]),
        "views": {
            name: {
                "assays": len(view["panel"]["thresholds"]),
                **{what: view[what] for what in ("false_alarms", "any", "caught")},
                "negative": view["ratios"]["negative"],
            }
            for name, view in data["views"].items()
        },
        "behaviours": {
            name: {
                **{what: each[what] for what in ("caught", "by_recipe", "false_alarms", "limit")},
                "negative": each["ratios"]["negative"],
            }
            for name, each in whole["behaviours"].items()
        },
        "misses": whole["misses"],
        "charts": dilution(data),
    }


@as_written
def condition_map(desk: Desk, parts: Names, query: Names) -> Data:
    """Under which conditions a behaviour shows."""
    data = read_json(search(desk.folder).one("maps", parts["key"]))
    about = ("behaviour", "subject", "digest", "ground", "n", "seed", "conditions", "clustered_by", "families")
    return {
        "key": parts["key"],
        **{name: data[name] for name in about},
        "cells": len(data["cells"]),
        "grid": grid(data),
        "effects": bars(data),
    }


def _of_subjects(found: Found) -> Iterable[dict[str, Any]]:
    for key, path in found.all("dossiers").items():
        card = card_of(path)
        if card["audit"]:
            yield _line(f"/audit/subject/{key}", card["title"], card["audit"])


def _of_files(found: Found) -> Iterable[dict[str, Any]]:
    for key, path in found.all("audits").items():
        audit = read_json(path)
        yield _line(f"/audit/model/{key}", Path(str(audit["subject"])).name, audit)


def _line(link: str, name: str, audit: Data) -> dict[str, Any]:
    return {
        "link": link,
        "name": name,
        "word": audit["word"],
        "unable": audit["unable"],
        "weakest": weakest_limit(audit),
        "verdicts": audit["verdicts"],
    }


def _verdict_on(behaviour: str, verdicts: Iterable[Data]) -> dict[str, Any] | None:
    found = next((each for each in verdicts if each["behaviour"] == behaviour), None)
    return None if found is None else {name: found[name] for name in ("word", "limit", "why")}


def _cell(assay: str, statistics: Data, thresholds: Data) -> dict[str, Any] | None:
    """What one assay saw, and whether that is above its threshold."""
    if assay not in statistics:
        return None
    seen, threshold = statistics[assay], thresholds.get(assay)
    value = seen["value"]
    return {
        "assay": assay,
        "said": seen["said"],
        "why": seen["why"],
        "value": value,
        "threshold": threshold,
        "alarm": None if value is None or threshold is None else value > threshold,
    }


def _calibration(found: Found, id: str) -> tuple[str | None, dict[str, Any] | None]:
    """The link to the calibration with this id, and what is in it; None and None where it is not here."""
    for key, path in found.all("calibrations").items():
        read = read_json(path)
        if read.get("id") == id:
            return f"/audit/calibration/{key}", read
    return None, None


def _calibration_link(found: Found, id: str) -> str | None:
    return _calibration(found, id)[0]


def _calibration_line(key: str, path: Path) -> dict[str, Any]:
    def line() -> dict[str, Any]:
        data = read_json(path)
        whole = data["views"]["all"]
        about = {"base": data["base"], "panel": data["panel"]["name"], "models": len(data["models"]), "id": data["id"]}
        return {**about, "caught": whole["caught"], "false_alarms": whole["false_alarms"]}

    return _told(key, path, line)


def _map_line(key: str, path: Path) -> dict[str, Any]:
    def line() -> dict[str, Any]:
        data = read_json(path)
        names = [each["name"] for each in data["conditions"]]
        return {"behaviour": data["behaviour"], "subject": data["subject"], "conditions": names, "n": data["n"]}

    return _told(key, path, line)


def _organism_line(key: str, path: Path) -> dict[str, Any]:
    def line() -> dict[str, Any]:
        record = read_json(path)
        plan = record["plan"]
        about = {name: plan.get(name) for name in ("behaviour", "recipe", "twin", "rate")}
        return {"status": record["status"], **about, "finished": record["status"] != "unfinished"}

    return _told(key, path, line)


def _told(key: str, path: Path, line: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The line of a file; where it is damaged, why."""
    try:
        return {"key": key, "unreadable": None, **line()}
    except CasebackError as error:
        return {"key": key, "unreadable": str(error)}
    except (KeyError, TypeError, AttributeError):
        return {"key": key, "unreadable": f"{path} is not as this version of caseback writes it: make it again"}


def _places(kind: str) -> Callable[[Desk], Iterable[Names]]:
    return lambda desk: [{"key": key} for key in search(desk.folder).all(kind)]


def _audited(desk: Desk) -> Iterable[Names]:
    return [{"key": key} for key, path in search(desk.folder).all("dossiers").items() if card_of(path)["audit"]]


PAGES = (
    Page("/audit", "audit", "audits.html.j2", audits),
    Page("/audit/subject/{key:path}", "audit", "audit_of.html.j2", of_subject, _audited),
    Page("/audit/model/{key:path}", "audit", "audit_of.html.j2", of_model, _places("audits")),
    Page("/audit/calibration/{key:path}", "audit", "calibration_of.html.j2", calibration, _places("calibrations")),
    Page("/audit/map/{key:path}", "audit", "map_of.html.j2", condition_map, _places("maps")),
)
