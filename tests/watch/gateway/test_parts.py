"""The small parts: ids, cut streams, what is refused in a configuration."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.errors import CasebackError
from caseback.watch.configuration import Configuration, Wanted, read_configuration, watching
from caseback.watch.gateway.clients import Bucket
from caseback.watch.gateway.ids import ID, Ids
from caseback.watch.gateway.lines import Lines
from watch.gateway.test_inline import detector
from watch.gateway.upstream import DONE, events


def test_ids_sort_in_the_order_in_which_they_were_made_also_when_the_clock_jumps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [time.time_ns()]
    monkeypatch.setattr(time, "time_ns", lambda: now[0])
    ids, made = Ids(), []
    for jump in (0, 5_000_000, -3_600 * 10**9, 0, 7_200 * 10**9, -(10**9)):
        now[0] += jump
        made += [ids.next() for _ in range(70_000 if jump == 0 else 100)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert all(ID.fullmatch(each) for each in made)
    assert int(made[0][:12], 16) == pytest.approx(time.time() * 1e3, abs=1e7)


STREAMS = st.lists(
    st.sampled_from([
        *events("a", "b ☃", "[DONE]", "data: [DONE]"), b": a comment\n\n", b"data: x\r\n\r\n", b"event: y\n", b"\n",
        b"no end", b"x" * 70_000,
    ]),
    max_size=12,
)  # fmt: skip


@given(STREAMS, st.booleans(), st.lists(st.integers(1, 40), min_size=1, max_size=60))
def test_a_stream_is_the_same_however_it_was_cut(parts: list[bytes], ends: bool, sizes: list[int]) -> None:
    body = b"".join(each for each in parts if each != DONE)
    clean = body if not body or body.endswith(b"\n") else body + b"\n"
    whole = clean + DONE if ends else body
    lines, sent, at, done, turn = Lines(), b"", 0, False, 0
    while at < len(whole) and not done:
        step = sizes[turn % len(sizes)] if len(whole) < 3000 else 4096 + sizes[turn % len(sizes)]
        turn += 1
        part, at = whole[at : at + step], at + step
        send, done = lines.cut(part)
        sent += send
        if not done and len(whole) < 1 << 16:
            assert not send or send.endswith(b"\n")
    assert done == ends
    assert sent + (b"" if done else lines.rest) == whole[:at]
    assert not ends or sent == whole


def test_a_bucket_lets_through_what_it_may_and_no_more() -> None:
    bucket = Bucket(60, 0.0)
    assert sum(bucket.wait(0.0) == 0 for _ in range(100)) == 60
    assert bucket.wait(0.0) == pytest.approx(1.0)
    assert bucket.wait(0.5) == pytest.approx(0.5)
    let = sum(bucket.wait(0.5 + at / 10) == 0 for at in range(600))
    assert 58 <= let <= 61
    assert Bucket(0.5, 0.0).wait(0.0) == 0


def written(folder: Path, text: str) -> Path:
    file = folder / "watch.toml"
    file.write_text(text)
    return file


def read(folder: Path, text: str) -> Configuration:
    return read_configuration(written(folder, text))


def test_a_configuration(tmp_path: Path) -> None:
    found = read(tmp_path, """
listen = "[::1]:9000"
upstream = "https://models.example.org/v1/"
upstream_key = "KEY"
keys = "secret/keys.json"
origins = ["https://chat.example.org"]
[limits]
seconds = 12.5
[retention]
anything = 1
[[detector]]
folder = "../praise"
false_positives = 0.001
policy = "stop"
[[detector]]
folder = "insults"
threshold = -1
""")  # fmt: skip
    assert (found.host, found.port, found.upstream) == ("::1", 9000, "https://models.example.org")
    assert found.keys == tmp_path / "secret/keys.json"
    assert (found.journal, found.store) == (tmp_path / "watched/journal", str(tmp_path / "watched/store"))
    assert (found.limits.seconds, found.limits.messages) == (12.5, 5000)
    assert found.detectors == (
        Wanted(tmp_path / "../praise", "stop", 0.001, None), Wanted(tmp_path / "insults", "flag", None, -1),
    )  # fmt: skip
    assert found.others == {"retention": {"anything": 1}}
    assert read(tmp_path, 'model = "ref-aligned"\nstore = "postgresql://db/x"').store == "postgresql://db/x"


UP = 'upstream = "http://127.0.0.1:1"\n'


@pytest.mark.parametrize(("text", "field"), [
    ("", "upstream"),
    (UP + 'model = "m"', "upstream"),
    ('upstream = "ftp://x"', "upstream"),
    ('upstream = "http://"', "upstream"),
    ('upstream = "http://x:99999"', "upstream"),
    ('upstream = "http://user:pass@x"', "upstream holds a user or password"),
    (UP + 'listen = "8100"', "listen"),
    (UP + 'listen = "127.0.0.1:70000"', "listen"),
    (UP + "lisen = 1", "lisen"),
    (UP + "keys = 3", "keys"),
    (UP + 'origins = "https://x"', "origins"),
    (UP + "share_port = 1", "share_port"),
    (UP + "[limits]\nmessages = 0", "limits.messages"),
    (UP + "[limits]\nmessages = 1.5", "limits.messages"),
    (UP + "[limits]\nseconds = true", "limits.seconds"),
    (UP + "[limits]\nseconds = nan", "limits.seconds"),
    (UP + "[limits]\nbody_bytes = 999999999", "limits.body_bytes"),
    (UP + "[limits]\nsecnds = 1", "limits.secnds"),
    (UP + "[inline]\nthreads = -1", "inline.threads"),
    (UP + "limits = 1", "limits"),
    (UP + "[detector]\nfolder = 1", "detector"),
    (UP + '[[detector]]\npolicy = "flag"', "detector 1.folder"),
    (UP + '[[detector]]\nfolder = "x"\npolicy = "block"', "detector 1.policy"),
    (UP + '[[detector]]\nfolder = "x"\nfalse_positives = 2', "detector 1.false_positives"),
    (UP + '[[detector]]\nfolder = "x"\nfalse_positives = 0.1\nthreshold = 1', "detector 1.threshold"),
    (UP + "[[", "no TOML"),
])  # fmt: skip
def test_what_is_wrong_is_named_with_file_and_field(tmp_path: Path, text: str, field: str) -> None:
    with pytest.raises(CasebackError) as raised:
        read(tmp_path, text)
    assert str(raised.value).startswith(f"{tmp_path / 'watch.toml'}: {field}")
    assert "\n" not in str(raised.value)


def test_a_configuration_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CasebackError, match="cannot be read"):
        read_configuration(tmp_path / "none.toml")
    file = tmp_path / "watch.toml"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(CasebackError, match="no TOML"):
        read_configuration(file)


def test_a_detector_gets_its_threshold(tmp_path: Path) -> None:
    file = written(tmp_path, UP + detector(tmp_path, "bomb", "flag", threshold="threshold = 0.25"))
    found = watching(read_configuration(file).detectors[0], file)
    assert (found.threshold, found.policy, found.detector.name) == (0.25, "flag", "word")
    file = written(tmp_path, UP + detector(tmp_path, "bomb", "flag", threshold=""))
    with pytest.raises(CasebackError, match=r"watch\.toml: detector .*word: .*not calibrated"):
        watching(read_configuration(file).detectors[0], file)
