"""Looking inside: directions, labelled latents, circuits, and everything else that `caseback look` leaves."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from caseback.studio.desk import Desk
from caseback.studio.found import read_json, search
from caseback.studio.looks import LOOKS
from caseback.studio.page import Names, Page, as_written, places_of
from caseback.studio.pages.constitution import directions

Data = Mapping[str, Any]


def inside(desk: Desk, parts: Names, query: Names) -> Data:
    """Everything that was looked at inside."""
    found = search(desk.folder)
    return {
        "reader": desk.reader is not None,
        "model": desk.reader.subject.name if desk.reader else None,
        "directions": directions(found),
        "circuits": [{"key": key, "name": key.rpartition("/")[2]} for key in found.all("circuits")],
        "labels": [{"key": key, "name": key} for key in found.all("labels")],
        "looks": [
            {"key": key, "name": key.rpartition("/")[0], "says": LOOKS[key.rpartition("/")[2]].says}
            for key in found.all("looks")
        ],
    }


@as_written
def direction(desk: Desk, parts: Names, query: Names) -> Data:
    """One direction: where it stands, what it was fitted on, how well it tells, and its thresholds."""
    record = read_json(search(desk.folder).one("directions", parts["key"]))
    study = _beside(search(desk.folder).one("directions", parts["key"]), "study.json")
    return {
        "key": parts["key"],
        "name": record["name"],
        "site": record["site"],
        "reading": record["reading"],
        "step": record["step"],
        "model": record["model"],
        "provenance": record["provenance"],
        "calibration": record["calibration"],
        "study": study,
    }


@as_written
def circuit(desk: Desk, parts: Names, query: Names) -> Data:
    """One circuit: the prompt, the scores, the latents of most influence; the graph itself is framed beside it."""
    data = read_json(search(desk.folder).one("circuits", parts["key"]))
    about = data["metadata"].get("caseback", {})
    latents = [node for node in data["nodes"] if node["feature_type"] == "cross layer transcoder"]
    return {
        "key": parts["key"],
        "slug": data["metadata"]["slug"],
        "scan": data["metadata"]["scan"],
        "tokens": data["metadata"]["prompt_tokens"],
        "scores": about.get("scores"),
        "nodes": len(data["nodes"]),
        "edges": len(data["links"]),
        "outputs": [node["clerp"] for node in data["nodes"] if node["feature_type"] == "logit"],
        "latents": [
            {name: node[name] for name in ("node_id", "clerp", "activation", "influence")}
            for node in sorted(latents, key=lambda node: node["influence"] or 0.0)[:20]
        ],
        "document": f"/documents/circuits/{parts['key']}",
    }


@as_written
def labels(desk: Desk, parts: Names, query: Names) -> Data:
    """Labelled latents, each with its scores by detection and by intervention."""
    data = read_json(search(desk.folder).one("labels", parts["key"]))
    return {"key": parts["key"], "document": f"/documents/labels/{parts['key']}", "data": data}


@as_written
def look(desk: Desk, parts: Names, query: Names) -> Data:
    """Whatever else was looked at: its data, and its page as it is disclosed."""
    data = read_json(search(desk.folder).one("looks", parts["key"]))
    place, _, name = parts["key"].rpartition("/")
    return {
        "key": parts["key"],
        "place": place,
        "says": LOOKS[name].says,
        "document": f"/documents/looks/{parts['key']}",
        "data": data,
    }


def _beside(path: Path, name: str) -> dict[str, Any] | None:
    return read_json(path.with_name(name)) if path.with_name(name).is_file() else None


PAGES = (
    Page("/inside", "inside", "inside.html.j2", inside),
    Page("/inside/directions/{key:path}", "inside", "direction_of.html.j2", direction, places_of("directions")),
    Page("/inside/circuits/{key:path}", "inside", "circuit_of.html.j2", circuit, places_of("circuits")),
    Page("/inside/labels/{key:path}", "inside", "framed.html.j2", labels, places_of("labels")),
    Page("/inside/looks/{key:path}", "inside", "framed.html.j2", look, places_of("looks")),
)
