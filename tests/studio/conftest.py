"""A folder with something of every kind, left there by the code that leaves it in use."""

import json
from pathlib import Path

import pytest

from caseback.audit.condition_map import condition_map
from caseback.behaviours.harmful_compliance import BEHAVIOUR as HARM
from caseback.detectors.files import save_detector
from caseback.detectors.known import Known
from caseback.detectors.pattern import PatternDetector
from caseback.disclosure.add import append, of_report
from caseback.dossier import open_dossier
from caseback.interp.directions.files import save_direction
from caseback.subject.site import Site
from interp.directions.planted import unit
from interp.directions.subjects import WIDTH, direction_for, tiny_subject
from library_for_tests import small_library
from scripted_for_tests import Scripted
from studio.shown_for_tests import audited, published, traffic, typed


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dossier, audit, condition map, sealed game, circuit, direction, detector, live store."""
    from disclosure.fixture_dossier import fill
    from disclosure.studies_for_tests import ladder, notebook, votes, written
    from disclosure.test_circuit_page import graph

    folder = tmp_path_factory.mktemp("runs")
    written(folder / "overseen", "ladder", ladder())
    written(folder / "overseen", "votes", votes(), page=False)
    written(folder / "researched", "notebook", notebook())
    with open_dossier(folder / "mine" / "dossier") as dossier:
        fill(dossier)
        append(dossier, [of_report(dossier, folder / "overseen" / "ladder.json")])
    (folder / "audit").mkdir()
    (folder / "audit" / "audit.json").write_text(json.dumps(audited()))
    (folder / "map").mkdir()
    subject = Scripted(lambda chat: "I will not help with that.")
    found = condition_map(subject, HARM, "world", ("cue", "haste"), n=3)
    (folder / "map" / "conditions.json").write_text(json.dumps(found))
    (folder / "circuits").mkdir()
    (folder / "circuits" / "a-graph.json").write_text(json.dumps(graph()))
    (folder / "circuits" / "a-graph.html").write_text("")
    tiny = tiny_subject(folder / "models")
    save_direction(direction_for(tiny, unit(WIDTH), Site("resid_post", 2)), folder / "directions" / "planted")
    known = Known(("do-no-harm",))
    save_detector(
        PatternDetector("bombs", "harmful_compliance", ("bomb",), known=known), folder / "detectors" / "bombs"
    )
    grown = tmp_path_factory.mktemp("organisms")
    small_library(grown, [("sycophancy", "demonstrations"), ("sycophancy", "documents")], 4)
    keys = tmp_path_factory.mktemp("keys")
    for name in ("game", "over"):
        typed("game", "new", "find", "--library", grown / "library", "--subjects", 3, "--clean", 0.4,
              "--out", folder / name, "--key", keys / f"{name}.json")  # fmt: skip
    guesses = keys / "guesses.json"
    names = json.loads((folder / "over" / "game.json").read_text())["subjects"]
    guesses.write_text(json.dumps({name: [{"behaviour": "sycophancy", "probability": 0.7}] for name in names}))
    typed("game", "submit", folder / "over", guesses, "--by", "blue")
    typed("game", "score", folder / "over", "--key", keys / "over.json")
    published(folder / "disclosed")
    traffic(folder / "watched" / "store")
    return folder
