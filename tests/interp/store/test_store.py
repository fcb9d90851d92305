"""A store holds what capture gives, knows what each row is, goes on bit-equal when killed, and refuses other models."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from caseback.chat import assistant, system, user
from caseback.errors import CasebackError
from caseback.interp.store import write as module
from caseback.interp.store.corpus import of_file
from caseback.interp.store.document import Document, of_chats, of_situations, of_texts
from caseback.interp.store.permutation import permuted
from caseback.interp.store.store import check_belongs, open_store, shuffled_rows, side_by_side
from caseback.interp.store.write import capture_store
from caseback.subject.capture import capture
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site
from caseback.world.situations import situations
from models_for_tests import save_tiny

SITES = [Site("resid_post", 2), Site("heads", 1), Site("mlp_in", 1)]
TEXTS = [
    "The capital of the state containing Dallas is Austin.",
    "One, two, three, four, five, six.",
    "I do not think that this is right, and I will say why: it would harm somebody else.",
    "def add(a, b): return a + b",
    "The quick brown fox jumps over the lazy dog.",
] * 3


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> OpenSubject:
    return load(str(save_tiny(tmp_path_factory.mktemp("model"), "qwen3")))


def stored(subject: OpenSubject, folder: Path, **options: Any) -> Any:
    return capture_store(subject, of_texts(subject, TEXTS), SITES, folder, **{"shard_rows": 60, **options})


def test_rows_are_what_capture_gives(subject: OpenSubject, tmp_path: Path) -> None:
    store = stored(subject, tmp_path / "store", shard_rows=10**6)
    documents = list(of_texts(subject, TEXTS))
    truth = list(capture(subject.model, [d.ids for d in documents], SITES, dtype=torch.bfloat16))
    rows = np.arange(len(store))
    assert len(store) == sum(len(d.ids) - 1 for d in documents)
    for site in SITES:
        assert store.read(site, rows).equal(torch.cat([captured.at[site].flatten(1)[1:] for captured in truth]))
    assert store.tokens(rows).tolist() == [token for d in documents for token in d.ids[1:]]
    assert store.positions(rows).tolist() == [p for d in documents for p in range(1, len(d.ids))]
    assert store.documents_of(rows).tolist() == [n for n, d in enumerate(documents) for _ in d.ids[1:]]
    assert store.sites == (Site("heads", 1), Site("mlp_in", 1), Site("resid_post", 2))
    assert store.widths == (32, 32, 32)
    assert side_by_side(store, SITES, [3, 0]).shape == (2, 96)


def test_any_rows_in_any_order_over_many_shards(subject: OpenSubject, tmp_path: Path) -> None:
    store = stored(subject, tmp_path / "store")
    assert len(store.shards) > 3
    everything = store.read(SITES[0], np.arange(len(store)))
    rows = np.random.default_rng(0).integers(0, len(store), 200)
    assert store.read(SITES[0], rows).equal(everything[rows])
    assert store.tokens(rows).equal(store.tokens(np.arange(len(store)))[rows])
    with pytest.raises(CasebackError, match="has rows 0 to"):
        store.read(SITES[0], [len(store)])
    with pytest.raises(CasebackError, match=r"has no site resid_post\.0: it has"):
        store.read(Site("resid_post", 0), [0])


class KilledError(Exception):
    pass


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("before", ["shard", "rename"])
def test_killed_it_goes_on_bit_equal(
    subject: OpenSubject, tmp_path: Path, before: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = stored(subject, tmp_path / "whole")
    calls = 0
    real = module.os.replace if before == "rename" else module._captured

    def dies(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KilledError
        return real(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(*((module.os, "replace") if before == "rename" else (module, "_captured")), dies)
        with pytest.raises(KilledError):
            stored(subject, tmp_path / "killed")
    part = open_store(tmp_path / "killed")
    assert 0 < len(part) < len(whole)
    again = stored(subject, tmp_path / "killed")
    assert len(again) == len(whole)
    assert again.digest == whole.digest
    kept = {name: data for name, data in files(tmp_path / "killed").items() if not name.endswith(".part")}
    assert kept == files(tmp_path / "whole")


def test_a_finished_store_is_left_as_it_is_and_can_be_made_longer(subject: OpenSubject, tmp_path: Path) -> None:
    store = stored(subject, tmp_path / "store", tokens=100)
    assert 100 <= len(store) < 140
    before = files(tmp_path / "store")
    assert len(stored(subject, tmp_path / "store", tokens=100)) == len(store)
    assert files(tmp_path / "store") == before
    longer = stored(subject, tmp_path / "store")
    assert longer.tokens(np.arange(len(longer))).tolist() == [t for d in of_texts(subject, TEXTS) for t in d.ids[1:]]


def test_what_is_not_of_this_store_is_refused(subject: OpenSubject, tmp_path: Path) -> None:
    store = stored(subject, tmp_path / "store", tokens=100)
    other = replace(subject, digest="sha256:other")
    with pytest.raises(CasebackError, match="has a store with another model"):
        capture_store(other, of_texts(subject, TEXTS), SITES, tmp_path / "store", shard_rows=60)
    with pytest.raises(CasebackError, match=r"was captured from .* another model"):
        check_belongs(store, other)
    check_belongs(store, subject)
    with pytest.raises(CasebackError, match="another sites"):
        capture_store(subject, of_texts(subject, TEXTS), SITES[:1], tmp_path / "store", shard_rows=60)
    changed = replace(subject, template_options={"enable_thinking": False})
    with pytest.raises(CasebackError, match="another template"):
        capture_store(changed, of_texts(subject, TEXTS), SITES, tmp_path / "store", shard_rows=60)
    with pytest.raises(CasebackError, match="captured from other documents"):
        capture_store(subject, of_texts(subject, ["Ah!", *TEXTS]), SITES, tmp_path / "store", shard_rows=60)
    with pytest.raises(CasebackError, match=r"holds \d+ documents, but only 1 were given"):
        capture_store(subject, of_texts(subject, TEXTS[:1]), SITES, tmp_path / "store", shard_rows=60)
    with pytest.raises(CasebackError, match=r"site resid_post\.9: the model has 4 blocks"):
        capture_store(subject, of_texts(subject, TEXTS), [Site("resid_post", 9)], tmp_path / "new")
    with pytest.raises(CasebackError, match="nothing to capture"):
        capture_store(subject, [Document("one", (5,))], SITES, tmp_path / "empty")


def test_a_nan_is_an_error_that_names_site_and_document(tmp_path: Path) -> None:
    broken = load(str(save_tiny(tmp_path / "model", "qwen3")))
    with torch.no_grad():
        broken.model.model.layers[2].mlp.down_proj.weight[0, 0] = float("nan")
    with pytest.raises(CasebackError, match=r"resid_post\.2 of text 0 has activations that are not finite"):
        stored(broken, tmp_path / "store")
    assert len(open_store(tmp_path / "store")) == 0


@pytest.mark.parametrize("how", ["cut short", "no header", "no json"])
def test_a_damaged_shard_is_named(subject: OpenSubject, tmp_path: Path, how: str) -> None:
    stored(subject, tmp_path / "store")
    path = tmp_path / "store" / "shard-00001.safetensors"
    if how == "no json":
        path.with_suffix(".json").unlink()
    else:
        path.write_bytes(path.read_bytes()[:-7] if how == "cut short" else b"\xff" * 40)
    with pytest.raises(CasebackError, match="shard-00001") as caught:
        open_store(tmp_path / "store")
    assert "\n" not in str(caught.value)
    with pytest.raises(CasebackError, match=r"store\.json is missing: not a store"):
        open_store(tmp_path)


def test_a_full_disk_is_one_line_and_the_store_goes_on_later(
    subject: OpenSubject, tmp_path: Path, small_disk: Path
) -> None:
    whole = stored(subject, tmp_path / "whole")
    folder = small_disk / "store"
    stored(subject, folder, tokens=100)
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            file.truncate(file.tell() - 8192)
    with pytest.raises(CasebackError, match="No space left on device: free some space") as caught:
        stored(subject, folder)
    assert "\n" not in str(caught.value)
    assert len(open_store(folder)) >= 100
    ballast.unlink()
    again = stored(subject, folder)
    rows = np.arange(len(whole))
    assert again.digest == whole.digest
    assert again.tokens(rows).equal(whole.tokens(rows))


def test_chats_keep_the_places_of_their_latent_variables(subject: OpenSubject, tmp_path: Path) -> None:
    chat = [system("Be brief."), user("Is Austin the capital?"), assistant("Austin is, yes.")]
    (document,) = of_chats(subject, [("chat", chat, {"city": "Austin", "true": True})])
    store = capture_store(subject, [document], SITES, tmp_path / "store")
    found = [subject.tokenizer.decode(store.tokens(rows).tolist()) for _, rows in store.rows_of("city")]
    assert [text.strip() for text in found] == ["Austin", "Austin"]
    assert next(store.documents()).latents == {"city": "Austin", "true": True}


def test_situations_of_the_world_keep_theirs(subject: OpenSubject, tmp_path: Path) -> None:
    pairs = [(situation, "The answer.") for situation in situations("opinion", "train", 3, 0)]
    store = capture_store(subject, of_situations(subject, pairs), SITES[:1], tmp_path / "store")
    for (situation, _), document in zip(pairs, store.documents(), strict=True):
        assert document.id == situation.id
        assert document.latents["family"] == situation.family
        assert document.latents["said_false"] == situation.latents["said_false"]
    for document, rows in store.rows_of("said_false"):
        text = subject.tokenizer.decode(store.tokens(rows).tolist())
        assert document.latents["said_false"].lower() in text.lower()


def test_held_out_rows_begin_with_a_document(subject: OpenSubject, tmp_path: Path) -> None:
    store = stored(subject, tmp_path / "store")
    row = store.split(0.2)
    assert row in {document.first for document in store.documents()}
    assert 0.6 < row / len(store) < 0.95


def test_a_corpus_file_is_read_whatever_its_kind(subject: OpenSubject, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    (tmp_path / "a.txt").write_text("\n".join(TEXTS[:3]) + "\n\n")
    records: list[Any] = [{"id": f"r{n}", "text": text} for n, text in enumerate(TEXTS[:3])]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, records)))
    pq.write_table(pa.Table.from_pylist(records), tmp_path / "a.parquet")
    truth = [d.ids for d in of_texts(subject, TEXTS[:3])]
    for name in ("a.txt", "a.jsonl", "a.parquet"):
        assert [d.ids for d in of_file(subject, tmp_path / name)] == truth
    assert [d.id for d in of_file(subject, tmp_path / "a.jsonl")] == ["r0", "r1", "r2"]
    (tmp_path / "chats.jsonl").write_text(json.dumps({"messages": [user("Hello")], "latents": {"sort": "greeting"}}))
    (document,) = of_file(subject, tmp_path / "chats.jsonl")
    assert list(document.ids) == subject.format.prompt([user("Hello")]).ids
    assert document.latents == {"sort": "greeting"}


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.csv", "x", "a corpus is a file that ends with .txt, .jsonl, .parquet"),
        ("none.txt", None, "there is no file"),
        ("a.jsonl", "{", "record 0 is not JSON"),
        ("b.jsonl", "[1]", "record 0 is not a JSON object"),
        ("c.jsonl", '{"prompt": "x"}', "record 0 has neither text nor messages"),
        ("d.jsonl", '{"messages": []}', "record 0: an empty chat"),
        ("a.parquet", "no parquet", "no Parquet file"),
    ],
)
def test_a_wrong_corpus_is_named(subject: OpenSubject, tmp_path: Path, name: str, text: str | None, says: str) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(CasebackError, match=says):
        list(of_file(subject, tmp_path / name))


def test_long_texts_are_cut_into_pieces(subject: OpenSubject) -> None:
    pieces = list(of_texts(subject, [" ".join(TEXTS)], limit=32))
    assert max(len(piece.ids) for piece in pieces) == 32
    assert [t for piece in pieces for t in piece.ids] == list(subject.tokenizer(" ".join(TEXTS)).input_ids)


@given(st.integers(1, 3000), st.integers(0, 10**6))
def test_the_order_is_a_permutation(n: int, seed: int) -> None:
    assert sorted(permuted(np.arange(n), n, seed).tolist()) == list(range(n))


def test_the_order_is_as_good_as_random() -> None:
    n = 4096
    orders = np.stack([permuted(np.arange(n), n, seed) for seed in range(40)])
    # Neighbours in the file are not neighbours in the order, and places are spread evenly over the seeds.
    assert abs(np.corrcoef(orders[0], np.arange(n))[0, 1]) < 0.06
    assert (np.abs(np.diff(orders, axis=1)) == 1).mean() < 0.002
    counts = Counter((orders[:, :64] * 8 // n).ravel().tolist())
    assert all(abs(counts[octant] - 320) < 5 * 17 for octant in range(8))
    assert np.corrcoef(orders[0], orders[1])[0, 1] < 0.06
    with pytest.raises(ValueError, match="from 0 to 9"):
        permuted([10], 10, 0)


@given(st.integers(1, 200), st.integers(1, 70), st.integers(0, 9))
def test_every_row_comes_once_an_epoch(n: int, batch: int, seed: int) -> None:
    steps = -(-2 * n // batch)
    rows = np.concatenate([shuffled_rows(n, batch, seed, step) for step in range(steps)])
    assert sorted(rows[:n].tolist()) == sorted(rows[n : 2 * n].tolist()) == list(range(n))


def test_documents_can_be_a_stream(subject: OpenSubject, tmp_path: Path) -> None:
    taken = 0

    def stream() -> Iterator[Document]:
        nonlocal taken
        for document in of_texts(subject, (text for _ in range(10**9) for text in TEXTS)):
            taken += 1
            yield document

    capture_store(subject, stream(), SITES[:1], tmp_path / "store", tokens=120, shard_rows=60)
    assert taken < 20
