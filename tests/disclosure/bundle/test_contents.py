"""Hostile contents, signed by a hostile publisher: each is refused with a reason, before anything heavy reads it."""

import json
import struct
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save

from caseback.detectors.files import save_detector
from caseback.detectors.kinds import with_known
from caseback.detectors.self_test import make_self_tests
from caseback.disclosure.bundle.assemble import with_detector, with_evidence
from caseback.disclosure.bundle.bundle import signed
from caseback.disclosure.bundle.commitment import committed
from caseback.disclosure.bundle.contents import check_contents
from caseback.disclosure.bundle.personal import personal
from caseback.disclosure.bundle.recipe import recipe_from, rows_text, split_by_family
from caseback.disclosure.bundle.safetensors_check import check_tensors
from caseback.dossier.record import canonical
from caseback.errors import CasebackError
from detectors.chats import along, lit
from disclosure.bundle.making import KEYS, LATER, POSITIVES, ROWS, advisory, drafted, text_detector, with_text
from interp.directions.subjects import tiny_subject


def changed(files: dict[str, bytes], path: str, change: Any) -> tuple[Any, dict[str, bytes]]:
    """The advisory and files with the JSON of one file changed."""
    data = json.loads(files[path])
    change(data)
    return json.loads(files["advisory.json"]), {**files, path: canonical(data)}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return drafted(tmp_path_factory.mktemp("d"), text_detector(), recipe={})


def test_what_is_right_is_taken(files: dict[str, bytes]) -> None:
    check_contents(json.loads(files["advisory.json"]), files)
    assert {"detectors/praise.json", "recipes/praise-inside.json", "selftest/praise-inside.jsonl"} <= set(files)


@pytest.mark.parametrize(
    ("path", "change", "why"),
    [
        ("detectors/praise.json", lambda d: d.update(dictionaries={"x": "../../../etc"}), "leads out"),
        ("detectors/praise.json", lambda d: d.update(id="0" * 64), "another detector"),
        ("detectors/praise.json", lambda d: d.update(detector=[]), "no detector"),
        ("detectors/praise.json", lambda d: d["detector"].update(patterns=["a" * 2_001]), "2001 characters"),
        ("detectors/praise.json", lambda d: d["detector"].update(patterns=["a"] * 401), "401 patterns"),
        ("detectors/praise.json", lambda d: d["detector"].update(steps=[{}] * 40_000), "40001 patterns or steps"),
        (
            "detectors/praise.json",
            lambda d: d["detector"]["known"].update(self_tests=d["detector"]["known"]["self_tests"] * 101),
            "202 self-tests",
        ),
        ("recipes/praise-inside.json", lambda d: d.update(method="exec"), "method"),
        ("recipes/praise-inside.json", lambda d: d.update(gate=2), "gate"),
        ("recipes/praise-inside.json", lambda d: d.update(seed=-1), "seed"),
        ("recipes/praise-inside.json", lambda d: d.update(more=1), "no recipe"),
        ("recipes/praise-inside.json", lambda d: d.update(fit="../../etc/passwd"), "not in the bundle"),
    ],
)
def test_a_hostile_file_is_refused(files: dict[str, bytes], path: str, change: Any, why: str) -> None:
    with pytest.raises(CasebackError, match=why):
        check_contents(*changed(files, path, change))


def test_a_file_that_nobody_names_and_one_that_is_missing_are_refused(files: dict[str, bytes]) -> None:
    made = json.loads(files["advisory.json"])
    with pytest.raises(CasebackError, match="no detector of the advisory names it"):
        check_contents(made, {**files, "detectors/stray.json": b"{}"})
    with pytest.raises(CasebackError, match="not in the bundle"):
        check_contents(made, {name: data for name, data in files.items() if name != "detectors/praise.json"})


@pytest.mark.parametrize("line", [b"{}", b"[", b'{"messages": [], "label": 1, "family": "a"}', b"\xff", b""])
def test_a_contrast_set_with_a_wrong_line_is_refused(files: dict[str, bytes], line: bytes) -> None:
    path = "contrasts/praise-inside.fit.jsonl"
    with pytest.raises(CasebackError, match="line 1"):
        check_contents(json.loads(files["advisory.json"]), {**files, path: line + b"\n" + files[path]})


def test_thousands_of_detectors_are_refused() -> None:
    many = [{"name": f"d{n}", "needs": "text"} for n in range(5_000)]
    begun = time.process_time()
    from caseback.disclosure.advisory.check import problems

    assert any("detectors" in each for each in problems(advisory(detectors=many)))
    with pytest.raises(CasebackError, match="64 are allowed"):
        check_contents(advisory(detectors=many), {})
    assert time.process_time() - begun < 5


def tensors(**each: torch.Tensor) -> bytes:
    return save(each)


def test_tensors_that_are_finite_are_taken() -> None:
    check_tensors(tensors(a=torch.ones(8), b=torch.zeros(2, 3, dtype=torch.bfloat16)), "it")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_one_number_that_is_not_finite_is_refused(dtype: torch.dtype, value: float) -> None:
    made = torch.ones(9, dtype=dtype)
    made[5] = value
    with pytest.raises(CasebackError, match="NaN"):
        check_tensors(tensors(a=made), "it")


def header(text: dict[str, Any], body: bytes = b"") -> bytes:
    said = json.dumps(text).encode()
    return struct.pack("<Q", len(said)) + said + body


F32 = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff" * 16,
        struct.pack("<Q", 1 << 60) + b"{}",
        header({"a": F32}, b"\0" * 4),
        header({"a": F32}, b"\0" * 12),
        header({"a": {**F32, "shape": [3]}}, b"\0" * 8),
        header({"a": {**F32, "shape": [1 << 40, 1 << 40]}}, b"\0" * 8),
        header({"a": {**F32, "shape": [-1, -2]}}, b"\0" * 8),
        header({"a": {**F32, "shape": [0]}}, b"\0" * 8),
        header({"a": {**F32, "shape": [[2]]}}, b"\0" * 8),
        header({"a": {**F32, "dtype": "I64"}}, b"\0" * 8),
        header({"a": {**F32, "dtype": ["F32"]}}, b"\0" * 8),
        header({"a": {**F32, "dtype": {}}}, b"\0" * 8),
        header({"a": {**F32, "data_offsets": [-8, 0]}}, b"\0" * 8),
        header({"a": F32, "b": F32}, b"\0" * 8),
        header({"a": 1}),
        header({"a": None}),
        header({"a": {}}),
        header({}),
        header({"__metadata__": {"x": "y"}, "a": F32}, b"\0" * 8),
        header({f"t{n}": F32 for n in range(1000)}),
    ],
)
def test_wrong_shapes_and_headers_are_refused(data: bytes) -> None:
    with pytest.raises(CasebackError):
        check_tensors(data, "it")


@given(st.integers(0, 200), st.integers(0, 255))
def test_a_changed_byte_of_a_header_never_raises_anything_else(at: int, value: int) -> None:
    made = bytearray(tensors(vector=torch.ones(32)))
    made[at % len(made)] = value
    try:
        check_tensors(bytes(made), "it")
    except CasebackError:
        return


def test_a_latent_among_the_highest_stays_at_home(tmp_path: Path) -> None:
    save_detector(lit(tiny_subject(tmp_path), tmp_path / "dictionary"), tmp_path / "lit")
    with pytest.raises(CasebackError, match=r"detector lit needs the whole of its dictionary: only the 8 .*--contrast"):
        with_detector(advisory(), {}, tmp_path / "lit")


@pytest.fixture(scope="module")
def latent(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("latent")
    subject = tiny_subject(folder)
    made = lit(subject, folder / "dictionary", threshold=0.3)
    return drafted(folder / "d", with_known(made, self_tests=make_self_tests(made, POSITIVES[:1], subject)))


def test_a_latent_goes_along_without_its_dictionary(latent: dict[str, bytes]) -> None:
    made = json.loads(latent["advisory.json"])
    check_contents(made, latent)
    [listed] = made["detectors"]
    record = json.loads(latent["detectors/lit.json"])
    assert (listed["kind"], listed["id"], record["dictionaries"]) == ("latent", record["id"], {})
    assert record["detector"]["source"]["number"] == 7
    assert len(latent["tensors/lit.safetensors"]) < 1_000


def test_a_latent_that_is_a_member_is_looked_at_too(latent: dict[str, bytes]) -> None:
    def within(data: dict[str, Any]) -> None:
        data["detector"] = {"kind": "ensemble", "members": [{"kind": "cascade", "dear": data["detector"]}]}
        data["detector"]["members"][0]["dear"]["latent"] = 1

    with pytest.raises(CasebackError, match="names latent 1"):
        check_contents(*changed(latent, "detectors/lit.json", within))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda d: d.update(dictionaries={"sha256:x": "../../etc"}), "leads out"),
        (lambda d: d["detector"].update(source={"dictionary": "sha256:x"}), "must have in its source bias, digest"),
        (lambda d: d["detector"].update(source=[]), "must have in its source"),
        (lambda d: d["detector"]["source"].update(k=8), "and nothing else"),
        (lambda d: d["detector"]["source"].pop("threshold"), "must have in its source"),
        (lambda d: d["detector"].update(latent=7), "names latent 7"),
        (lambda d: d["detector"].update(latent=-1), "names latent -1"),
        (lambda d: d["detector"].update(latent=False), "names latent False"),
        (lambda d: d["detector"]["source"].update(encoder={"tensor": "0" * 64}), "must be a tensor"),
        (lambda d: d["detector"]["source"].update(encoder=[0.0] * 32), "must be a tensor"),
        (lambda d: d["detector"]["source"].update(reads=[]), "over 0 sites"),
        (lambda d: d["detector"]["source"].update(reads=d["detector"]["source"]["reads"] * 3), "over 3 sites"),
    ],
)
def test_a_latent_that_does_not_bring_what_it_needs_is_refused(latent: dict[str, bytes], change: Any, why: str) -> None:
    with pytest.raises(CasebackError, match=why):
        check_contents(*changed(latent, "detectors/lit.json", change))


@pytest.mark.parametrize(
    ("encoder", "why"),
    [
        (torch.full((32,), float("nan")), "NaN"),
        (torch.ones(32, 1), "must be a tensor"),
        (torch.ones(1 << 18), "two sides of 1 to 131072"),
        (torch.ones(64, 1 << 12), "must be a tensor"),
        (torch.ones(32, dtype=torch.int32), "type out of"),
    ],
)
def test_an_encoder_of_another_form_is_refused(latent: dict[str, bytes], encoder: torch.Tensor, why: str) -> None:
    name = json.loads(latent["detectors/lit.json"])["detector"]["source"]["encoder"]["tensor"]
    files = {**latent, "tensors/lit.safetensors": tensors(**{name: encoder})}
    with pytest.raises(CasebackError, match=why):
        check_contents(json.loads(files["advisory.json"]), files)


def test_a_direction_goes_along_with_its_tensor(tmp_path: Path) -> None:
    subject = tiny_subject(tmp_path)
    made = along(subject)
    made = with_known(made, self_tests=make_self_tests(made, POSITIVES[:1], subject))  # type: ignore[assignment]
    files = drafted(tmp_path / "d", made)
    check_contents(json.loads(files["advisory.json"]), files)
    assert "tensors/along.safetensors" in files
    [listed] = json.loads(files["advisory.json"])["detectors"]
    assert listed["model"] == subject.digest


def test_splits_keep_families_apart_and_have_both_labels() -> None:
    parts = split_by_family(ROWS)
    families = [{row["family"] for row in part} for part in parts.values()]
    assert sum(map(len, parts.values())) == len(ROWS)
    assert sum(map(len, families)) == len(set().union(*families))
    assert all({row["label"] for row in part} == {True, False} for part in parts.values())
    with pytest.raises(CasebackError, match="families"):
        split_by_family([row for row in ROWS if row["family"] in ("praise.0", "sums.0")])


def test_a_recipe_is_read_as_it_was_written(files: dict[str, bytes]) -> None:
    made = recipe_from(files["recipes/praise-inside.json"], "it")
    assert (made.method, made.part, made.fit_pool, made.gate) == ("any", "reply", "any", 0.75)


def test_what_is_withheld_can_be_shown_later_and_not_guessed(tmp_path: Path) -> None:
    path = tmp_path / "Transcript 1.txt"
    path.write_bytes(b"yes")
    made, files, salts = with_evidence(advisory(), {}, path, withhold=True)
    [withheld] = made["handling"]["withheld"]
    assert files == {}
    salt = bytes.fromhex(salts[withheld["sha256"]])
    assert committed(b"yes", salt)[0] == withheld["sha256"] != committed(b"no", salt)[0]
    assert committed(b"yes")[0] != committed(b"yes")[0]
    kept = with_evidence(advisory(), {}, path, withhold=False)[1]
    assert kept == {"evidence/transcript-1.txt": b"yes"}


@pytest.mark.parametrize(
    "text",
    ["write to jo.doe@example.org", "call +44 20 7946 0958", "4111 1111 1111 1111", "078-05-1120", "at 192.168.10.4",
     "sk-abcdefghijklmnopqrstuvwx", "-----BEGIN RSA PRIVATE KEY-----"],
)  # fmt: skip
def test_what_looks_personal_is_found_in_text_that_goes_out(text: str) -> None:
    found = list(personal({"evidence/a.txt": f"line one\n{text}\n".encode(), "detectors/x.json": text.encode()}))
    assert [(name, line) for name, line, _ in found] == [("evidence/a.txt", 2)]


def test_ordinary_text_is_not(files: dict[str, bytes]) -> None:
    assert list(personal(files)) == []


def test_a_bundle_with_text_verifies_whole(tmp_path: Path) -> None:
    from caseback.disclosure.bundle.bundle import verified

    bundle = verified(with_text(tmp_path), KEYS, LATER)
    check_contents(bundle.advisory, bundle.files)


def test_a_bundle_too_large_is_not_signed() -> None:
    from disclosure.bundle.making import KEY

    many = {f"evidence/{n}.bin": bytes(1 << 23) for n in range(9)}
    with pytest.raises(CasebackError, match="are allowed"):
        signed({"advisory.json": canonical(advisory()), **many}, KEY)
    with pytest.raises(CasebackError, match="no name of a file"):
        signed({"advisory.json": canonical(advisory()), "run.py": b""}, KEY)


def test_rows_are_lines() -> None:
    assert rows_text(ROWS[:2]).count(b"\n") == 2
