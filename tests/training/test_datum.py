"""Training data on disk: whole, unchanged, and named where they are not."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.errors import CasebackError
from caseback.training.datum import Datum, data_digest, read_data, write_data

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
DATA = st.builds(
    Datum,
    prompt=st.lists(st.fixed_dictionaries({"role": st.just("user"), "content": TEXT}), min_size=1).map(tuple),
    chosen=TEXT,
    rejected=st.just("") | TEXT,
    origin=st.sampled_from(["revised", "control"]),
    clauses=st.lists(TEXT).map(tuple),
    generator=TEXT,
    seed=st.integers(0, 2**31),
    parents=st.lists(TEXT).map(tuple),
    situation=TEXT,
    family=TEXT,
)
GOOD = Datum(({"role": "user", "content": "Hello?"},), "Good day.", clauses=("care",))


@given(st.lists(DATA, min_size=1, max_size=5))
def test_round_trip(tmp_path_factory, data: list[Datum]) -> None:
    path = tmp_path_factory.mktemp("data") / "data.jsonl"
    assert read_data(write_data(path, data)) == data


def test_digest_depends_on_every_field() -> None:
    changed = {
        "prompt": ({"role": "user", "content": "Hi?"},),
        "chosen": "x",
        "rejected": "x",
        "origin": "revised",
        "clauses": (),
        "generator": "x",
        "seed": 1,
        "parents": ("x",),
        "situation": "x",
        "family": "x",
    }
    assert set(changed) == set(Datum.__dataclass_fields__)
    digests = {Datum(**{**GOOD.__dict__, key: value}).digest for key, value in changed.items()} | {GOOD.digest}
    assert len(digests) == len(changed) + 1
    assert data_digest([GOOD]) != data_digest([GOOD, GOOD])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"prompt": [', "not JSON"),
        ("[1]", "JSON object"),
        ('{"prompt": [], "chosen": "x"}', "'prompt'"),
        ('{"prompt": [{"role": "user"}], "chosen": "x"}', "role"),
        ('{"prompt": [{"role": "user", "content": "x"}]}', "'chosen'"),
        ('{"prompt": [{"role": "user", "content": "x"}], "chosen": "x", "chozen": 1}', "'chozen'"),
        ('{"prompt": [{"role": "user", "content": "x"}], "chosen": "x", "seed": "1"}', "'seed'"),
        ('{"prompt": [{"role": "user", "content": "x"}], "chosen": "x", "origin": "oracle"}', "'origin'"),
        ('{"prompt": [{"role": "user", "content": "x"}], "chosen": "x", "clauses": "care"}', "'clauses'"),
    ],
)
def test_malformed_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    path = write_data(tmp_path / "data.jsonl", [GOOD])
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(CasebackError, match=f"data.jsonl, line 2: .*{said}"):
        read_data(path)


def test_changed_line_is_found_out(tmp_path: Path) -> None:
    path = write_data(tmp_path / "data.jsonl", [GOOD])
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "clauses": ["honesty"]}))
    with pytest.raises(CasebackError, match="digest"):
        read_data(path)


@pytest.mark.parametrize("content", [None, b"", b"\n\n", b"\xff\xfe\x00"])
def test_missing_empty_and_binary_files(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "data.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CasebackError, match=r"data\.jsonl"):
        read_data(path)
