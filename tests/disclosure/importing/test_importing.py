"""Each detector comes in by exactly one way, always in shadow, or is refused with a reason; nothing is code."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from caseback.detectors.calibrate import calibrate
from caseback.detectors.detector import Detector
from caseback.detectors.files import load_detector
from caseback.detectors.kinds import kind_of, with_known
from caseback.detectors.latent import LatentDetector, open_dictionary
from caseback.detectors.self_test import make_self_tests
from caseback.disclosure.bundle.bundle import Bundle, signed, verified
from caseback.disclosure.bundle.recipe import recipe_from
from caseback.disclosure.feed.store import Listed
from caseback.disclosure.importing.coverage import coverage
from caseback.disclosure.importing.imported import FILE, import_bundle, imports, read_import
from caseback.disclosure.importing.local import Local
from caseback.disclosure.importing.refit import refit
from caseback.disclosure.importing.watch_entries import watch_entries
from caseback.dossier.record import canonical
from caseback.errors import CasebackError
from caseback.subject.open_subject import OpenSubject
from detectors.chats import along, dictionary_for
from disclosure.bundle.making import (
    KEY,
    KEYS,
    LATER,
    NEGATIVES,
    OTHER,
    POSITIVES,
    START,
    advisory,
    drafted,
    resigned,
    text_detector,
    with_text,
)
from interp.directions.subjects import plant, tiny_subject


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> OpenSubject:
    return tiny_subject(tmp_path_factory.mktemp("mine"))


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> OpenSubject:
    made = tiny_subject(tmp_path_factory.mktemp("theirs"), seed=1)
    plant(made, "great question", 6.0)
    return made


def bundle_of(files: dict[str, bytes]) -> Bundle:
    return verified(files, KEYS, LATER)


def inside(subject: OpenSubject) -> Detector:
    """A direction made for this model, with self-tests and thresholds."""
    made: Detector = along(subject)
    tests = make_self_tests(made, [POSITIVES[0], NEGATIVES[0]], subject)
    return with_known(made, self_tests=tests, calibration=calibrate(made, POSITIVES, NEGATIVES[:30], (0.01,), subject))


def test_a_pattern_is_the_same_for_every_model(tmp_path: Path) -> None:
    found = import_bundle(bundle_of(with_text(tmp_path / "d")), Local(), tmp_path / "in", LATER)
    [held] = found.detectors
    assert (found.route, held.landed.route, held.state) == ("exact", "exact", "shadow")
    loaded = load_detector(tmp_path / "in" / "LAB-2026-0001" / "detectors" / "praise")
    assert loaded.name == "praise"
    assert read_import(tmp_path / "in" / "LAB-2026-0001") == found


def test_a_direction_comes_in_exactly_on_the_model_it_was_made_for(tmp_path: Path, mine: OpenSubject) -> None:
    files = signed(drafted(tmp_path / "d", inside(mine)), KEY, START)
    found = import_bundle(bundle_of(files), Local(mine), tmp_path / "in", LATER)
    assert found.route == "exact"
    assert found.detectors[0].landed.threshold is not None


def latent_inside(subject: OpenSubject, folder: Path) -> Detector:
    """One that is active where that was planted, as far as the model lets it be."""
    source = open_dictionary(dictionary_for(subject, folder, threshold=0.0))
    tried: list[Detector] = [LatentDetector("lit", "harm", source, number) for number in range(40)]
    known = [calibrate(each, POSITIVES, NEGATIVES[:30], (0.01,), subject) for each in tried]
    best = max(range(40), key=lambda number: known[number].auroc.value)
    tests = make_self_tests(tried[best], [POSITIVES[0], NEGATIVES[0]], subject)
    return with_known(tried[best], self_tests=tests, calibration=known[best])


def test_a_latent_comes_in_without_its_dictionary(
    tmp_path: Path, theirs: OpenSubject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    made = latent_inside(theirs, tmp_path / "sae")
    recipe = {"name": "lit", "method": "mean"}
    bundle = bundle_of(signed(drafted(tmp_path / "d", made, recipe=recipe), KEY, START))
    shutil.rmtree(tmp_path / "sae")
    found = import_bundle(bundle, Local(theirs), tmp_path / "in", LATER)
    landed = found.detectors[0].landed
    assert found.route == "exact", landed.why
    assert landed.id == bundle.advisory["detectors"][0]["id"]
    again = load_detector(tmp_path / "in" / found.advisory / "detectors" / "lit")
    assert again.known == made.known
    assert again.scores(POSITIVES, theirs) == made.scores(POSITIVES, theirs)
    grown = tiny_subject(tmp_path_factory.mktemp("grown"), seed=1)
    plant(grown, "great question", 5.0)
    grown.digest = "sha256:" + "7" * 64
    local = Local(
        grown, frozenset({theirs.digest}), [*POSITIVES[:6], *NEGATIVES], 0.05, {theirs.digest: lambda: theirs}
    )
    landed = import_bundle(bundle, local, tmp_path / "grown", LATER).detectors[0].landed
    assert landed.route == "descendant", landed.why
    assert kind_of(load_detector(tmp_path / "grown" / found.advisory / "detectors" / "lit")) == "direction"
    alone = import_bundle(bundle, replace(local, parents={}), tmp_path / "alone", LATER).detectors[0].landed
    assert alone.route == "other model", alone.why
    assert "give that too (--parent FOLDER)" in " ".join(alone.why)


def test_a_latent_that_gives_other_scores_here_is_refused(tmp_path: Path, theirs: OpenSubject) -> None:
    files = drafted(tmp_path / "d", latent_inside(theirs, tmp_path / "sae"))
    for change in (lambda d: d["source"].update(bias=50.0), lambda d: d["source"].update(threshold=1e30)):
        changed = verified(hostile(files, change, "detectors/lit.json"), KEYS, LATER)
        found = import_bundle(changed, Local(theirs), tmp_path / "in", LATER)
        assert found.route == "refused"
        assert "self-tests give other scores" in " ".join(found.detectors[0].landed.why)


def test_on_another_model_it_is_refitted_from_its_recipe(
    tmp_path: Path, mine: OpenSubject, theirs: OpenSubject
) -> None:
    files = signed(drafted(tmp_path / "d", inside(mine), recipe={"name": "along", "method": "mean"}), KEY, START)
    found = import_bundle(bundle_of(files), Local(theirs, ordinary=NEGATIVES), tmp_path / "in", LATER)
    [held] = found.detectors
    assert (found.route, held.landed.route) == ("other model", "other model")
    assert held.landed.auroc is not None
    assert held.landed.auroc >= 0.75
    made = load_detector(tmp_path / "in" / found.advisory / "detectors" / "along")
    assert made.fits.model == theirs.digest
    fresh = [replace(each, family="new") for each in POSITIVES]
    scores = [one.score for one in made.scores(fresh, theirs)]
    clean = [one.score for one in made.scores(NEGATIVES[30:60], theirs)]
    assert min(filter(None, scores)) > max(filter(None, clean))  # what was planted is found


def test_on_a_descendant_it_is_realigned_without_labels(
    tmp_path: Path, mine: OpenSubject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = tiny_subject(tmp_path_factory.mktemp("first"), seed=1)
    plant(first, "great question", 6.0)
    recipe = {"name": "along", "method": "mean"}
    found = refit_on(first, tmp_path / "made", recipe)
    files = signed(drafted(tmp_path / "d", found, recipe=recipe), KEY, START)
    grown = tiny_subject(tmp_path_factory.mktemp("grown"), seed=1)
    plant(grown, "great question", 5.0)
    grown.digest = "sha256:" + "7" * 64
    local = Local(grown, frozenset({first.digest}), [*POSITIVES[:6], *NEGATIVES], 0.05, {first.digest: lambda: first})
    landed = import_bundle(bundle_of(files), local, tmp_path / "in", LATER).detectors[0].landed
    assert landed.route == "descendant", landed.why
    assert landed.auroc == 1.0
    alone = replace(local, parents={}, ordinary=NEGATIVES)
    assert import_bundle(bundle_of(files), alone, tmp_path / "alone", LATER).route == "descendant"
    stranger = replace(local, ancestors=frozenset())
    other = import_bundle(bundle_of(files), stranger, tmp_path / "other", LATER)
    assert other.route == "other model", other.detectors[0].landed.why


def refit_on(subject: OpenSubject, folder: Path, recipe: dict[str, Any]) -> Detector:
    """A detector made from the recipe on its publisher's model."""
    files = drafted(folder, recipe=recipe)
    made = recipe_from(files["recipes/along.json"], "recipes/along.json")
    return refit(made, files, subject).detector


def test_a_recipe_that_does_not_hold_here_is_refused_by_its_gate(tmp_path: Path, mine: OpenSubject) -> None:
    rng = random.Random(3)
    rows = [
        {
            "messages": [{"role": role, "content": f"{rng.random()}"} for role in ("user", "assistant")],
            "label": bool(n % 2),
            "family": f"f.{n % 16}",
        }
        for n in range(96)
    ]
    files = signed(drafted(tmp_path / "d", recipe={"rows": rows, "gate": 0.95}), KEY, START)
    found = import_bundle(bundle_of(files), Local(mine), tmp_path / "in", LATER)
    assert found.route == "refused"
    assert "gate" in " ".join(found.detectors[0].landed.why)
    assert not (tmp_path / "in" / found.advisory / "detectors" / "praise-inside" / "detector.json").exists()


def test_where_no_weights_are_at_hand_text_is_the_fallback(tmp_path: Path, mine: OpenSubject) -> None:
    files = signed(drafted(tmp_path / "d", inside(mine), text_detector()), KEY, START)
    found = import_bundle(bundle_of(files), Local(), tmp_path / "in", LATER)
    assert found.route == "text fallback"
    by = {held.landed.name: held.landed for held in found.detectors}
    assert by["along"].route == "refused"
    assert "no weights" in by["along"].why[0]
    assert by["praise"].route == "exact"


def test_without_recipe_and_text_it_is_refused(tmp_path: Path, mine: OpenSubject, theirs: OpenSubject) -> None:
    files = signed(drafted(tmp_path / "d", inside(mine)), KEY, START)
    found = import_bundle(bundle_of(files), Local(theirs), tmp_path / "in", LATER)
    assert found.route == "refused"
    assert "no recipe" in found.detectors[0].landed.why[0]


def hostile(files: dict[str, bytes], change: Any, path: str = "detectors/praise.json") -> dict[str, bytes]:
    """A bundle whose detector was changed, with an id that fits, and signed by its publisher."""
    from caseback.detectors.files import _id

    data, made = json.loads(files[path]), json.loads(files["advisory.json"])
    change(data["detector"])
    data["id"] = made["detectors"][0]["id"] = _id(data["detector"])
    return resigned(files, **{path.replace("/", "__"): canonical(data), "advisory.json": canonical(made)})


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda d: d.update(patterns=["(a+)+$(?=b)"]), "RE2"),
        (lambda d: d.update(patterns=["((a{1,1000}){1,1000}){1,1000}"]), "RE2"),
        (lambda d: d.update(patterns=[".*"]), "everywhere"),
        (lambda d: d.update(patterns=["never said"]), "self-tests give other scores"),
        (lambda d: d["known"].update(self_tests=[]), "no self-tests"),
        (lambda d: d.update(kind="exec"), "of kind"),
        (lambda d: d.update(code="import os"), "unknown field"),
        (lambda d: d["known"].update(calibration=None), "no threshold"),
        (lambda d: d["known"]["cost"].update(microseconds="x") if d["known"]["cost"] else d.update(name=1), "must be"),
    ],
)
def test_a_hostile_pattern_is_refused_with_a_reason(tmp_path: Path, change: Any, why: str) -> None:
    files = hostile(with_text(tmp_path / "d"), change)
    found = import_bundle(bundle_of(files), Local(), tmp_path / "in", LATER)
    assert found.route == "refused"
    assert why in " ".join(found.detectors[0].landed.why)
    assert not list((tmp_path / "in").rglob("detector.json"))


def test_one_past_its_date_is_refused(tmp_path: Path) -> None:
    files = drafted(tmp_path / "d", text_detector())
    made = json.loads(files["advisory.json"])
    made["detectors"][0]["not_after"] = "2026-11-02T00:00:00Z"
    bundle = bundle_of(signed({**files, "advisory.json": canonical(made)}, KEY, START))
    late = import_bundle(bundle, Local(), tmp_path / "late", LATER)
    assert "not to be used after" in late.detectors[0].landed.why[0]
    assert import_bundle(bundle, Local(), tmp_path / "soon", START).route == "exact"


def test_one_that_needs_a_judge_is_left_to_the_importer(tmp_path: Path) -> None:
    from caseback.disclosure.importing.decide import ways

    [way] = ways({"name": "x", "needs": "judge"}, "sha256:1", [], [])
    assert way.route == "refused"
    assert "judge" in way.why


def test_detectors_within_detectors_without_end_are_refused(tmp_path: Path) -> None:
    def nest(detector: dict[str, Any]) -> None:
        inner = {**detector, "kind": "pattern"}
        for level in range(12):
            cheap = {**inner, "name": f"cheap {level}"}
            inner = {"kind": "cascade", "name": f"c{level}", "behaviour": "x", "cheap": cheap,
                     "dear": {**inner, "name": f"dear {level}"}, "gate": 0.5, "below": 0.0,
                     "known": {**detector["known"], "self_tests": []}}  # fmt: skip
            if len(json.dumps(inner)) > 1 << 21:
                break
        detector.clear()
        detector.update(inner)

    begun = time.process_time()
    found = import_bundle(bundle_of(hostile(with_text(tmp_path / "d"), nest)), Local(), tmp_path / "in", LATER)
    assert found.route == "refused"
    assert time.process_time() - begun < 10


def test_a_self_test_as_long_as_it_may_be_ends_soon(tmp_path: Path) -> None:
    from caseback.detectors.transcript import transcript_of

    long = transcript_of(
        {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "ab" * 120_000}]}
    )
    slow = text_detector(patterns=tuple(f"(a|b)*c{n}(x+x+)+y" for n in range(190)))
    made = with_known(slow, self_tests=make_self_tests(text_detector(), [POSITIVES[0], long]))
    files = signed(drafted(tmp_path / "d", made), KEY, START)
    begun = time.process_time()
    import_bundle(bundle_of(files), Local(), tmp_path / "in", LATER)
    assert time.process_time() - begun < 20


def test_thresholds_are_set_on_ordinary_traffic_where_there_is_enough(tmp_path: Path) -> None:
    from caseback.detectors.transcript import transcript_of

    noisy = [
        transcript_of(
            {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "great question"}]}
        )
        for _ in range(30)
    ]
    bundle = bundle_of(with_text(tmp_path / "d"))
    own = import_bundle(bundle, Local(ordinary=noisy), tmp_path / "own", LATER).detectors[0].landed.threshold
    published = import_bundle(bundle, Local(), tmp_path / "in", LATER).detectors[0].landed.threshold
    assert own is not None
    assert published is not None
    assert own >= 1 > published  # it says 1 of everything here, and what is not above its threshold is no alarm


def test_what_was_imported_keeps_its_state_and_withdrawal_ends_it(tmp_path: Path) -> None:
    from caseback.disclosure.importing.imported import write_import

    files = with_text(tmp_path / "d")
    found = import_bundle(bundle_of(files), Local(), tmp_path / "in", LATER)
    held = replace(found.detectors[0], state="promoted")
    write_import(replace(found, detectors=(held,)), tmp_path / "in")
    again = import_bundle(bundle_of(files), Local(), tmp_path / "in", LATER)
    assert again.detectors[0].state == "promoted"
    gone = advisory(revision=2, withdrawn="2026-11-02T00:00:00Z", withdrawn_why="the judge was wrong")
    out = import_bundle(
        bundle_of(signed({"advisory.json": canonical(gone)}, KEY, START)), Local(), tmp_path / "in", LATER
    )
    assert [each.state for each in out.detectors] == ["withdrawn"]
    assert watch_entries(imports(tmp_path / "in"), tmp_path / "in", tmp_path) == ""
    with pytest.raises(CasebackError, match="older"):
        import_bundle(bundle_of(files), Local(), tmp_path / "in", LATER)


def test_another_publisher_cannot_take_an_advisory_over(tmp_path: Path) -> None:
    files, here = with_text(tmp_path / "d"), tmp_path / "in"
    found = import_bundle(bundle_of(files), Local(), here, LATER)
    gone = advisory(revision=2, withdrawn="2026-11-02T00:00:00Z", withdrawn_why="gone")
    theirs = verified(signed({"advisory.json": canonical(gone)}, OTHER, START), {OTHER.public.id: OTHER.public}, LATER)
    with pytest.raises(CasebackError, match="from another publisher"):
        import_bundle(theirs, Local(), here, LATER)
    assert read_import(here / found.advisory) == found
    both = replace(theirs, publisher=frozenset({KEY.public.id, OTHER.public.id}))
    assert import_bundle(both, Local(), here, LATER).detectors[0].state == "withdrawn"


def test_what_is_issued_again_starts_in_shadow_again(tmp_path: Path) -> None:
    import_bundle(bundle_of(with_text(tmp_path / "d")), Local(), tmp_path / "in", LATER)
    gone = advisory(revision=2, withdrawn="2026-11-02T00:00:00Z", withdrawn_why="the judge was wrong")
    import_bundle(bundle_of(signed({"advisory.json": canonical(gone)}, KEY, START)), Local(), tmp_path / "in", LATER)
    again = bundle_of(with_text(tmp_path / "e", revision=3))
    [held] = import_bundle(again, Local(), tmp_path / "in", LATER).detectors
    assert [each["state"] for each in held.history] == ["shadow", "withdrawn", "shadow"]
    assert held.state == "shadow"


def test_a_detector_may_be_called_as_it_likes(tmp_path: Path) -> None:
    files = signed(drafted(tmp_path / "d", text_detector(name="import.json")), KEY, START)
    found = import_bundle(bundle_of(files), Local(), tmp_path / "in", LATER)
    assert [*imports(tmp_path / "in")] == [found]


def test_where_swapping_fails_or_stops_what_was_there_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "in"
    before = import_bundle(bundle_of(with_text(tmp_path / "d")), Local(), here, LATER)
    later, rename = bundle_of(with_text(tmp_path / "e", revision=2)), Path.rename

    def failing(path: Path, to: Path) -> Path:
        if path.name.startswith(".importing"):
            raise OSError(28, "No space left on device")
        return rename(path, to)

    with monkeypatch.context() as full:
        full.setattr(Path, "rename", failing)
        with pytest.raises(CasebackError, match="space"):
            import_bundle(later, Local(), here, LATER)
    assert [*imports(here)] == [before]
    (here / before.advisory).rename(here / f".old-{before.advisory}")
    assert import_bundle(later, Local(), here, LATER).detectors[0].history == before.detectors[0].history


def test_entries_are_such_as_watching_reads(tmp_path: Path) -> None:
    import tomllib

    import_bundle(bundle_of(with_text(tmp_path / "d")), Local(), tmp_path / "in", LATER)
    found = tomllib.loads(watch_entries(imports(tmp_path / "in"), tmp_path / "in", tmp_path))
    [entry] = found["detector"]
    assert set(entry) == {"folder", "policy", "threshold"}
    assert entry["policy"] == "record"
    load_detector(tmp_path / entry["folder"])
    assert 0 <= entry["threshold"] < 1  # above it is flagged: a pattern that is found, and not one that is not


def test_coverage_has_a_line_for_everything(tmp_path: Path, mine: OpenSubject) -> None:
    import_bundle(bundle_of(with_text(tmp_path / "d")), Local(), tmp_path / "in", LATER)
    files = signed(drafted(tmp_path / "e", inside(mine), id="LAB-2026-0002"), KEY, START)
    import_bundle(bundle_of(files), Local(), tmp_path / "in", LATER)
    left = Listed(3, "LAB-2026-0003", 1, "", "", "finding", "deception", "", "", "", "GREEN")
    rows = {each.advisory: each for each in coverage(imports(tmp_path / "in"), [left])}
    assert [rows[f"LAB-2026-000{n}"].watched for n in (1, 2, 3)] == [True, False, False]
    assert "no weights" in rows["LAB-2026-0002"].why[0]
    assert rows["LAB-2026-0003"].why == ("not imported",)


def test_a_killed_import_leaves_what_was_there(tmp_path: Path) -> None:
    from caseback.disclosure.bundle.bundle import write_tar

    files = with_text(tmp_path / "d")
    before = import_bundle(bundle_of(files), Local(), tmp_path / "in", LATER)
    write_tar(signed(drafted(tmp_path / "e", text_detector(), revision=2), KEY, START), tmp_path / "b.tar")
    code = (
        "import os, signal; from pathlib import Path\n"
        "from disclosure.bundle.making import KEYS, LATER\n"
        "from caseback.disclosure.importing import imported as m\n"
        "from caseback.disclosure.importing.local import Local\n"
        "from caseback.disclosure.bundle.bundle import read_files, verified\n"
        "m._write = lambda *a: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"m.import_bundle(verified(read_files(Path({str(tmp_path / 'b.tar')!r})), KEYS, LATER), Local(), "
        f"Path({str(tmp_path / 'in')!r}))\n"
    )
    path = os.pathsep.join(each for each in sys.path if each)
    done = subprocess.run([sys.executable, "-c", code], check=False, env={**os.environ, "PYTHONPATH": path})
    assert done.returncode == -signal.SIGKILL
    assert [*imports(tmp_path / "in")] == [before]
    again = import_bundle(bundle_of(signed(drafted(tmp_path / "f", text_detector(), revision=2), KEY, START)), Local(),
                          tmp_path / "in", LATER)  # fmt: skip
    assert again.revision == 2
    assert [each.name for each in (tmp_path / "in").iterdir()] == ["LAB-2026-0001"]


def test_a_damaged_record_of_an_import_is_told(tmp_path: Path) -> None:
    found = import_bundle(bundle_of(with_text(tmp_path / "d")), Local(), tmp_path / "in", LATER)
    path = tmp_path / "in" / found.advisory / FILE
    for text in ("{", "[]", '{"format": "x"}', '{"format": "caseback import 2", "detectors": [{}]}'):
        path.write_text(text)
        with pytest.raises(CasebackError):
            read_import(path.parent)
