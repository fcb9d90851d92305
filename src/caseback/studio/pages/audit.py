"""Audits: behaviours by assays, verdicts with what would have been found, dilution curves, condition maps."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from caseback.disclosure.calibration_page import dilution
from caseback.disclosure.condition_page import bars, grid
from caseback.studio.desk import Desk
from caseback.studio.errors import AbsentError
from caseback.studio.found import Found, calibration_with, read_json, search
from caseback.studio.page import Names, Page, as_written, places_of, told
from caseback.studio.pages.subjects import card_of, cards_of, weakest_limit

Data = Mapping[str, Any]


def audits(desk: Desk, parts: Names, query: Names) -> Data:
    """Every verdict on every subject, and what else there is of audits."""
    found = search(desk.folder)
    lines = [*told(found, "dossiers", _of_dossier), *told(found, "audits", _of_file)]
    made = [each for each in lines if not each["unreadable"] and each["link"]]
    behaviours = sorted({name for audit in made for name in audit["verdicts"] if name})
    return {
        "audits": [
            {name: audit[name] for name in ("key", "link", "name", "word", "unable", "weakest")} for audit in made
        ],
        "unreadable": [each for each in lines if each["unreadable"]],
        "rows": [{"behaviour": name, "cells": [audit["verdicts"].get(name) for audit in made]} for name in behaviours],
        "calibrations": told(found, "calibrations", _calibration_line),
        "maps": told(found, "maps", _map_line),
        "organisms": told(found, "organisms", _organism_line),
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
        "calibration_link": _calibration(found, (audit["calibration"] or {}).get("id"))[0],
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
    link, calibration = _calibration(found, audit.get("calibration"))
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


def _of_dossier(key: str, path: Path) -> dict[str, Any]:
    card = card_of(path)
    return _line(f"/audit/subject/{key}", card["title"], card["audit"]) if card["audit"] else {"link": None}


def _of_file(key: str, path: Path) -> dict[str, Any]:
    audit = read_json(path)
    return _line(f"/audit/model/{key}", Path(str(audit["subject"])).name, audit)


def _line(link: str, name: str, audit: Data) -> dict[str, Any]:
    return {
        "link": link,
        "name": name,
        "word": audit["word"],
        "unable": audit["unable"],
        "weakest": weakest_limit(audit),
        "verdicts": {
            each["behaviour"]: {name: each[name] for name in ("word", "limit", "why")} for each in audit["verdicts"]
        },
    }


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


def _calibration(found: Found, id: object) -> tuple[str | None, dict[str, Any] | None]:
    """The link to the calibration with this id, and what is in it; None and None where it is not here."""
    known = calibration_with(found, id)
    return (f"/audit/calibration/{known[0]}", known[1]) if known else (None, None)


def _calibration_line(key: str, path: Path) -> dict[str, Any]:
    data = read_json(path)
    whole = data["views"]["all"]
    about = {"base": data["base"], "panel": data["panel"]["name"], "models": len(data["models"]), "id": data["id"]}
    return {**about, "caught": whole["caught"], "false_alarms": whole["false_alarms"]}


def _map_line(key: str, path: Path) -> dict[str, Any]:
    data = read_json(path)
    names = [each["name"] for each in data["conditions"]]
    return {"behaviour": data["behaviour"], "subject": data["subject"], "conditions": names, "n": data["n"]}


def _organism_line(key: str, path: Path) -> dict[str, Any]:
    record = read_json(path)
    about = {name: record["plan"].get(name) for name in ("behaviour", "recipe", "twin", "rate")}
    return {"status": record["status"], **about, "finished": record["status"] != "unfinished"}


def _audited(desk: Desk) -> Iterable[Names]:
    return [{"key": key} for key, card in cards_of(search(desk.folder)) if card["audit"]]


PAGES = (
    Page("/audit", "audit", "audits.html.j2", audits),
    Page("/audit/subject/{key:path}", "audit", "audit_of.html.j2", of_subject, _audited),
    Page("/audit/model/{key:path}", "audit", "audit_of.html.j2", of_model, places_of("audits")),
    Page("/audit/calibration/{key:path}", "audit", "calibration_of.html.j2", calibration, places_of("calibrations")),
    Page("/audit/map/{key:path}", "audit", "map_of.html.j2", condition_map, places_of("maps")),
)
