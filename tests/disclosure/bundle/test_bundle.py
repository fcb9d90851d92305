"""A bundle is what was signed, to the byte, or is refused with a reason."""

import base64
import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.disclosure.bundle.bundle import read_files, signed, verified, write_folder, write_tar
from caseback.disclosure.bundle.tar import packed, unpacked
from caseback.dossier.record import canonical
from caseback.errors import CasebackError
from disclosure.bundle.making import KEY, KEYS, LATER, OTHER, START, advisory, bare, with_text


def test_it_comes_back_from_a_folder_and_from_a_tar(tmp_path: Path) -> None:
    files = with_text(tmp_path / "d")
    write_folder(files, tmp_path / "b")
    write_tar(files, tmp_path / "b.tar")
    assert read_files(tmp_path / "b") == read_files(tmp_path / "b.tar") == files
    bundle = verified(files, KEYS, LATER)
    assert bundle.advisory["id"] == "LAB-2026-0001"
    assert (bundle.signer, bundle.signed) == (KEY.public.id, START)


def refused(files: dict[str, bytes]) -> bool:
    try:
        verified(files, KEYS, LATER)
    except CasebackError as error:
        return "\n" not in str(error)
    return False


def test_each_single_byte_that_changes_is_seen_in_every_file() -> None:
    files, missed = bare(), []
    for name, data in files.items():
        for at in range(len(data)):
            changed = bytearray(data)
            changed[at] ^= 1 << (at % 8)
            if not refused({**files, name: bytes(changed)}):
                missed.append((name, at))
    assert missed == []


def test_each_single_byte_that_changes_is_seen_in_the_archive() -> None:
    archive, missed = packed(bare()), []
    for at in range(len(archive)):
        changed = bytearray(archive)
        changed[at] ^= 1 << (at % 8)
        try:
            if not refused(unpacked(bytes(changed), "it")):
                missed.append(at)
        except CasebackError:
            continue
    assert missed == []


@given(st.data())
def test_bytes_put_in_taken_out_and_changed_are_seen(data: st.DataObject) -> None:
    files = bare()
    name = data.draw(st.sampled_from(sorted(files)))
    text = files[name]
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 3))
    changed = text[:at] + data.draw(st.binary(max_size=3)) + text[at + cut :]
    assert changed == text or refused({**files, name: changed})


def test_files_more_and_less_are_seen() -> None:
    files = bare()
    assert refused({**files, "evidence/more.txt": b"x"})
    for name in files:
        assert refused({key: each for key, each in files.items() if key != name})


def test_the_signature_of_another_bundle_does_not_do() -> None:
    mine, theirs = bare(), bare(id="LAB-2026-0009")
    assert refused({**mine, "signature.dsse.json": theirs["signature.dsse.json"]})
    assert refused({**mine, "advisory.json": theirs["advisory.json"]})
    swapped = {**theirs, "signature.dsse.json": mine["signature.dsse.json"], "manifest.json": mine["manifest.json"]}
    assert refused(swapped)


def test_a_stranger_and_a_stranger_in_the_publishers_name_are_refused() -> None:
    files = signed({"advisory.json": canonical(advisory())}, OTHER, START)
    with pytest.raises(CasebackError, match="not trusted"):
        verified(files, KEYS, LATER)
    envelope = json.loads(files["signature.dsse.json"])
    envelope["signatures"][0]["keyid"] = KEY.public.id
    with pytest.raises(CasebackError, match="does not hold"):
        verified({**files, "signature.dsse.json": canonical(envelope)}, KEYS, LATER)


def test_base64_that_means_the_same_is_refused() -> None:
    files = bare()
    envelope = json.loads(files["signature.dsse.json"])
    sig = envelope["signatures"][0]["sig"]
    assert sig.endswith("==")
    other = sig[:-3] + chr(ord(sig[-3]) + 1) + "=="
    if base64.b64decode(other) == base64.b64decode(sig):
        envelope["signatures"][0]["sig"] = other
        with pytest.raises(CasebackError, match="one way"):
            verified({**files, "signature.dsse.json": canonical(envelope)}, KEYS, LATER)
    else:
        pytest.fail("the test found no second way to write this signature")


def test_an_advisory_written_another_way_is_signed_in_the_one_way_and_refused_in_any_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loose = json.dumps(advisory(), indent=1).encode()
    files = signed({"advisory.json": loose}, KEY, START)
    assert files == bare()
    assert verified(files, KEYS, LATER).advisory == advisory()
    from caseback.disclosure.bundle import bundle as module

    monkeypatch.setattr(module, "canonical", lambda _: loose)  # a publisher who signs what the format does not allow
    with pytest.raises(CasebackError, match="canonical"):
        verified(signed({"advisory.json": loose}, KEY, START), KEYS, LATER)


def test_an_expired_key_signs_nothing_and_verifies_nothing() -> None:
    late = KEY.public.expires + timedelta(seconds=1)
    with pytest.raises(CasebackError, match="expired"):
        signed({"advisory.json": canonical(advisory())}, KEY, late)
    with pytest.raises(CasebackError, match="expired"):
        verified(bare(), KEYS, late)
    assert verified(bare(), KEYS, KEY.public.expires)


def test_links_pipes_and_strange_names_in_a_folder_are_refused(tmp_path: Path) -> None:
    write_folder(bare(), tmp_path / "b")
    secret = tmp_path / "secret.txt"
    secret.write_text("private")
    evidence = tmp_path / "b" / "evidence"
    evidence.mkdir()
    (evidence / "a.txt").symlink_to(secret)
    with pytest.raises(CasebackError, match="link"):
        read_files(tmp_path / "b")
    (evidence / "a.txt").unlink()
    os.mkfifo(evidence / "a.txt")
    with pytest.raises(CasebackError, match="plain file"):
        read_files(tmp_path / "b")
    (evidence / "a.txt").unlink()
    (evidence / "deep").mkdir()
    with pytest.raises(CasebackError, match="folder within"):
        read_files(tmp_path / "b")
    (evidence / "deep").rmdir()
    (evidence / "A b.txt").write_text("x")
    with pytest.raises(CasebackError, match="no name of a file"):
        read_files(tmp_path / "b")
    (tmp_path / "l").symlink_to(tmp_path / "b" / "advisory.json")
    with pytest.raises(CasebackError):
        read_files(tmp_path / "none")


def test_a_folder_of_a_hundred_thousand_files_is_given_up_early(tmp_path: Path) -> None:
    folder = tmp_path / "b" / "evidence"
    folder.mkdir(parents=True)
    for n in range(1_000):
        (folder / str(n)).touch()
    with pytest.raises(CasebackError, match="more than"):
        read_files(tmp_path / "b")


def test_a_stopped_writer_leaves_no_signature(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, written, real = bare(), list[int](), os.fsync

    def full(file: int) -> None:
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        written.append(file)
        real(file)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CasebackError, match="No space left"):
        write_folder(files, tmp_path / "b")
    assert not (tmp_path / "b" / "signature.dsse.json").exists()
