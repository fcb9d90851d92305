"""What exchanging advisories costs and holds: ``exchange.py sync | import | tamper``.

sync     Seconds to sync, verify and index a feed of 10,000 signed advisories, each with a detector, from a folder.
import   Seconds of one import decision, the slowest of all kinds of bundle: exact, refitted, fallback, refused.
tamper   Share of single-byte changes that are refused: every byte of every file of a bundle, of its archive, and of a
         feed's head, keys and log.

The last line is the figure, as JSON.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from caseback.detectors.files import save_detector
from caseback.disclosure.bundle.assemble import gathered, with_detector
from caseback.disclosure.bundle.bundle import Bundle, signed, verified
from caseback.disclosure.bundle.contents import check_contents
from caseback.disclosure.bundle.tar import packed, unpacked
from caseback.disclosure.feed.published import HEAD, new_feed, publish
from caseback.disclosure.feed.published import KEYS as RING
from caseback.disclosure.feed.store import listed, opened_store
from caseback.disclosure.feed.subscription import subscribe
from caseback.disclosure.feed.sync import sync
from caseback.disclosure.importing.imported import import_bundle
from caseback.disclosure.importing.local import Local
from caseback.errors import CasebackError
from disclosure.bundle.making import (
    KEY,
    KEYS,
    LATER,
    NEGATIVES,
    START,
    advisory,
    bare,
    drafted,
    text_detector,
    with_text,
)

ADVISORIES = 10_000
NOW = START + timedelta(minutes=5)


def sync_10000(folder: Path, n: int) -> dict[str, Any]:
    """The feed is made first; what is timed is the subscriber's side."""
    save_detector(text_detector(), folder / "praise")
    made, files = with_detector(advisory(), {}, folder / "praise")

    def bundles() -> Iterator[dict[str, bytes]]:
        for number in range(n):
            digest = f"sha256:{number:064x}"
            model = {"name": f"model-{number}", "digest": digest}
            about = {**made, "id": f"LAB-2026-{number:05}",
                     "affected": [{"model": model, "scope": "exact", "status": "affected"}]}  # fmt: skip
            yield signed(gathered(about, files), KEY, START)

    new_feed(folder / "feed", "Example Lab", KEY)
    publish(folder / "feed", list(bundles()), KEY, START)
    made_sub = subscribe(folder / "sub", [str(folder / "feed")], at=NOW)
    begun = time.perf_counter()
    found = sync(made_sub, NOW)
    spent = time.perf_counter() - begun
    with opened_store(folder / "sub") as store:
        begun = time.perf_counter()
        one = listed(store, model=f"sha256:{n // 2:064x}")
        looked_up = time.perf_counter() - begun
        assert [each.id for each in one] == [f"LAB-2026-{n // 2:05}"]
        assert len(listed(store)) == n
    assert len(found.new) == n
    assert not found.refused
    print(f"{n} advisories: {spent:.1f} s, {1e3 * spent / n:.2f} ms each; one looked up in {1e3 * looked_up:.1f} ms")
    return {"value": spent, "low": None, "high": None, "n": n, "holds": spent < 60}


def import_seconds(folder: Path) -> dict[str, Any]:
    """Loading the model and torch is not in it: both are there where traffic is watched."""
    from caseback.detectors.calibrate import calibrate
    from caseback.detectors.kinds import with_known
    from caseback.detectors.self_test import make_self_tests
    from caseback.disclosure.bundle.recipe import recipe_from
    from caseback.disclosure.importing.refit import refit
    from caseback.subject.load import load
    from caseback.world.reference import reference_path
    from detectors.chats import along
    from disclosure.bundle.making import POSITIVES
    from interp.directions.subjects import plant, tiny_subject

    tiny = tiny_subject(folder)
    made: Any = along(tiny)
    tests = make_self_tests(made, [POSITIVES[0], NEGATIVES[0]], tiny)
    made = with_known(made, self_tests=tests, calibration=calibrate(made, POSITIVES, NEGATIVES[:30], (0.01,), tiny))
    subject = load(str(reference_path()))
    both = signed(drafted(folder / "b", made, recipe={"name": "along", "gate": 0.5}), KEY, START)
    mixed = signed(drafted(folder / "m", made, text_detector()), KEY, START)
    alone = signed(drafted(folder / "r", made), KEY, START)
    first, second = (tiny_subject(folder / name, seed=2) for name in ("first", "second"))
    for each, distance in ((first, 6.0), (second, 5.0)):
        plant(each, "great question", distance)
    second.digest = "sha256:" + "7" * 64
    recipe = {"name": "along", "method": "mean"}
    draft = drafted(folder / "f", recipe=recipe)
    fitted = refit(recipe_from(draft["recipes/along.json"], "it"), draft, first).detector
    handed = signed(drafted(folder / "g", fitted, recipe=recipe), KEY, START)
    child = Local(second, frozenset({first.digest}), NEGATIVES, 0.01, {first.digest: lambda: first})
    grown = tiny_subject(folder, seed=1)
    cases: dict[str, tuple[dict[str, bytes], Local, str]] = {
        "text": (with_text(folder / "t"), Local(ordinary=NEGATIVES), "exact"),
        "exact": (alone, Local(tiny, ordinary=NEGATIVES), "exact"),
        "refit on a tiny model": (both, Local(grown, ordinary=NEGATIVES), "other model"),
        "refit on ref-base": (both, Local(subject, ordinary=NEGATIVES), "other model"),
        "descendant": (handed, child, "descendant"),
        "fallback": (mixed, Local(), "text fallback"),
        "refused": (alone, Local(), "refused"),
    }
    slowest = 0.0
    for name, (files, local, route) in cases.items():
        archive = packed(files)
        print(f"{name}: a bundle of {len(archive)} bytes, {len(local.clean)} ordinary transcripts")
        for repeat in range(3):
            begun = time.perf_counter()
            bundle: Bundle = verified(unpacked(archive, name), KEYS, LATER)
            check_contents(bundle.advisory, bundle.files)
            found = import_bundle(bundle, local, folder / f"{name}-{repeat}", LATER)
            spent = time.perf_counter() - begun
            assert found.route == route, found
            print(f"{name}, {repeat + 1}: {found.route}, {spent:.3f} s")
            slowest = max(slowest, spent)
    return {"value": slowest, "low": None, "high": None, "n": 3 * len(cases), "holds": slowest < 2}


def tamper_refused(folder: Path) -> dict[str, Any]:
    refused = tried = 0
    files = with_text(folder / "d")
    small, archive = bare(), packed(bare())
    # Unchanged, all of it is taken: else a refusal would say nothing.
    assert not _refuses(lambda: verified(files, KEYS, LATER))
    assert not _refuses(lambda: verified(unpacked(archive, "it"), KEYS, LATER))
    for name, data in files.items():
        for changed in _each_byte(data):
            tried += 1
            refused += _refuses(lambda changed=changed, name=name: verified({**files, name: changed}, KEYS, LATER))
    for changed in _each_byte(archive):
        tried += 1
        refused += _refuses(lambda changed=changed: verified(unpacked(changed, "it"), KEYS, LATER))
    new_feed(folder / "feed", "Example Lab", KEY)
    publish(folder / "feed", [small], KEY, START)
    assert not _refuses(lambda: sync(subscribe(folder / "s", [str(folder / "feed")], [KEY.public], at=NOW), NOW))
    for name in (HEAD, RING, "log/000000.jsonl"):
        path = folder / "feed" / name
        data = path.read_bytes()
        for at, changed in enumerate(_each_byte(data)):
            path.write_bytes(changed)
            tried += 1
            place = folder / f"{name[:3]}-{at}"
            refused += _refuses(
                lambda place=place: sync(subscribe(place, [str(folder / "feed")], [KEY.public], at=NOW), NOW)
            )
        path.write_bytes(data)
    print(f"{refused} of {tried} single-byte changes were refused")
    # Every place is tried, so there is nothing that an interval would be of.
    return {"value": refused / tried, "low": None, "high": None, "n": tried, "holds": refused == tried}


def _each_byte(data: bytes) -> Iterator[bytes]:
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1 << (at % 8)
        yield bytes(changed)


def _refuses(work: Callable[[], object]) -> bool:
    try:
        work()
    except CasebackError:
        return True
    return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["sync", "import", "tamper"])
    parser.add_argument("-n", type=int, default=ADVISORIES, help="advisories of sync")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        if given.what == "sync":
            found = sync_10000(place, given.n)
        else:
            found = import_seconds(place) if given.what == "import" else tamper_refused(place)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
