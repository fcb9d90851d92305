"""Training data on disk: whole, unchanged, and named where they are not."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.errors import CasebackError
from caseback.training.data_file import read_data, write_data
from caseback.training.datum import Datum

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
DATA = st.builds(
    Datum,
    prompt=st.lists(st.fixed_dictionaries({"role": st.just("user"), "content": TEXT}), min_size=1).map(tuple),
    chosen=TEXT,
    rejected=st.just("") | TEXT,
    thinking=st.just("") | TEXT,
    rejected_thinking=st.just("") | TEXT,
    origin=st.sampled_from(["revised", "control"]),
    clauses=st.lists(TEXT).map(tuple),
    generator=TEXT,
    seed=st.integers(0, 2**31),
    parents=st.lists(TEXT).map(tuple),
    situation=TEXT,
    family=TEXT,
)
GOOD = Datum(({"role": "user", "content": "Hello?"},), "Good day.", clauses=("care",))
OTHER = Datum(({"role": "user", "content": "And?"},), "So.")
LINE = '{"prompt": [{"role": "user", "content": "Hello?"}], "chosen": "Good day."}'


@given(st.lists(DATA, min_size=1, max_size=5))
def test_round_trip(tmp_path_factory, data: list[Datum]) -> None:
    path = tmp_path_factory.mktemp("data") / "data.parquet"
    assert read_data(write_data(path, data)) == data


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
    path = tmp_path / "data.jsonl"
    path.write_text(LINE + "\n" + line + "\n")
    with pytest.raises(CasebackError, match=f"data.jsonl, line 2: .*{said}"):
        read_data(path)


def test_lines_of_others_need_prompt_and_reply_only(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text(LINE + "\n\n" + LINE + "\n")
    assert read_data(path) == [Datum(({"role": "user", "content": "Hello?"},), "Good day.")] * 2


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_a_changed_row_is_found_out(tmp_path: Path, kind: str) -> None:
    changed = {**GOOD.as_dict(), "digest": GOOD.digest, "clauses": ["honesty"]}
    path = tmp_path / f"data.{kind}"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist([changed]), path)
    else:
        path.write_text(json.dumps(changed))
    with pytest.raises(CasebackError, match=rf"data\.{kind}, (row|line) 1: its digest does not match"):
        read_data(path)


def test_a_row_taken_away_is_found_out(tmp_path: Path) -> None:
    path = write_data(tmp_path / "data.parquet", [GOOD, OTHER])
    pq.write_table(pq.read_table(path).slice(0, 1), path)
    with pytest.raises(CasebackError, match="rows were taken away, added or moved"):
        read_data(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_cut_off_is_one_line(tmp_path: Path, share: float) -> None:
    path = write_data(tmp_path / "data.parquet", [GOOD] * 50)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(CasebackError, match=r"data\.parquet: not a whole Parquet file") as caught:
        read_data(path)
    assert "\n" not in str(caught.value)


def test_writing_replaces_the_file_whole(tmp_path: Path) -> None:
    path = write_data(tmp_path / "data.parquet", [GOOD])
    write_data(path, [GOOD, OTHER])
    assert read_data(path) == [GOOD, OTHER]
    assert [item.name for item in tmp_path.iterdir()] == ["data.parquet"]


@pytest.mark.parametrize("content", [None, b"", b"\n\n", b"\xff\xfe\x00"])
def test_missing_empty_and_binary_files(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "data.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CasebackError, match=r"data\.jsonl"):
        read_data(path)
