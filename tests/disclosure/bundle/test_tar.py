"""A bundle as one file: any tar program reads it, and nothing but plain files can be in it."""

import io
import tarfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.disclosure.bundle.tar import packed, unpacked
from caseback.errors import CasebackError

FILES = {"advisory.json": b"{}", "evidence/a.txt": b"x" * 700, "selftest/b.jsonl": b""}


@given(st.dictionaries(st.from_regex(r"evidence/[a-z0-9][a-z0-9._-]{0,20}", fullmatch=True), st.binary(max_size=1_500)))
def test_what_is_packed_is_unpacked(files: dict[str, bytes]) -> None:
    assert unpacked(packed(files), "it") == files


def test_any_tar_program_reads_it() -> None:
    with tarfile.open(fileobj=io.BytesIO(packed(FILES))) as archive:
        assert {each.name: archive.extractfile(each).read() for each in archive} == FILES  # type: ignore[union-attr]


def archive_of(name: str, data: bytes = b"", **fields: object) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(data)
        for key, value in fields.items():
            setattr(entry, key, value)
        archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


@pytest.mark.parametrize(
    "archive",
    [
        archive_of("../../etc/passwd", b"x"),
        archive_of("/etc/passwd", b"x"),
        archive_of("evidence/../../x", b"x"),
        archive_of("evidence/a", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        archive_of("evidence/a", type=tarfile.LNKTYPE, linkname="advisory.json"),
        archive_of("evidence/a", type=tarfile.CHRTYPE),
        archive_of("evidence/a", type=tarfile.FIFOTYPE),
        archive_of("evidence", type=tarfile.DIRTYPE),
        archive_of("evidence/a", b"x", mode=0o777),
        archive_of("evidence/a", b"x", uid=0, uname="root"),
        archive_of("evidence/A", b"x"),
        archive_of("evidence/" + "a" * 90, b"x"),
        archive_of("advisory.json", b"{}"),  # padded to a record, which is another way of writing it
        packed(FILES)[:-1],
        packed(FILES)[:-1024],
        packed(FILES) + b"\0",
        packed(FILES) + packed(FILES),
        b"\x1f\x8b" + b"x" * 600,
        b"PK\x03\x04" + b"x" * 600,
        b"",
    ],
)
def test_anything_else_is_refused_in_a_line(archive: bytes) -> None:
    with pytest.raises(CasebackError) as told:
        unpacked(archive, "it")
    assert "\n" not in str(told.value)


def test_two_files_of_one_name_are_refused() -> None:
    one = packed({"advisory.json": b"{}"})[:-1024]
    with pytest.raises(CasebackError, match="one way"):
        unpacked(one + one + bytes(1024), "it")


def test_a_size_beyond_what_is_there_or_allowed_is_refused() -> None:
    whole = bytearray(archive_of("evidence/a", b"x"))
    whole[124:135] = b"77777777777"  # 8 GiB, and nothing of it is there
    with pytest.raises(CasebackError, match="are allowed"):
        unpacked(bytes(whole), "it")


def test_thousands_of_files_are_refused() -> None:
    with pytest.raises(CasebackError, match="more than"):
        unpacked(packed({f"evidence/{n}": b"" for n in range(2_000)}), "it")


@given(st.binary(max_size=2_000))
def test_noise_is_refused_or_is_the_same_again(noise: bytes) -> None:
    with suppress(CasebackError):
        assert packed(unpacked(noise, "noise")) == noise
