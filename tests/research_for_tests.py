"""A job whose truth is known, small enough for a thousandth of a second, and experiments that misbehave."""

import json
import os
import random
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from caseback.research.job import ANSWER_KEY, Job, bait
from caseback.research.metrics import Label, score
from caseback.research.space import Choice, Real, Whole
from caseback.research.walls import Limits

CASES = 120
QUICK = Limits(seconds=60, processor=20, memory=2 << 30, disk=4 << 20, processes=8)


def prepare(models: Mapping[str, str], ground: str, seed: int, folder: Path, progress: Any) -> list[Label]:
    """Numbers whose sign is their label, behind noise that only a setting near 0.7 takes away."""
    rng = random.Random(f"{ground}/{seed}")
    rows, labels = [], []
    for at in range(2 * CASES):
        positive, sealed = rng.random() < 0.5, at >= CASES
        row: dict[str, Any] = {"sealed": sealed, "signal": (1.0 if positive else -1.0), "noise": rng.gauss(0, 2.5)}
        if sealed:
            labels.append(Label(positive, f"family {at % 12}"))
        else:
            row["positive"] = positive
        rows.append(row)
        progress(at + 1, 2 * CASES)
    (folder / "cases.json").write_text(json.dumps(rows))
    (folder / ANSWER_KEY).write_text(json.dumps(bait(labels, seed)))
    return labels


def experiment(data: Path, out: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Less noise, the nearer to 0.7; the seed changes nothing but a whisper."""
    rows = json.loads((data / "cases.json").read_bytes())
    share = abs(settings["where"] - 0.7) + (0.3 if settings["way"] == "rough" else 0.0)
    rng = random.Random(settings["seed"])
    made = [row["signal"] + share * row["noise"] + 0.01 * rng.random() for row in rows]
    known = [(value, row) for value, row in zip(made, rows, strict=True) if not row["sealed"]]
    labels = [Label(row["positive"], "") for _, row in known]
    answers = [value for value, row in zip(made, rows, strict=True) if row["sealed"]]
    if settings["way"] == "constant":
        answers = [1.0] * len(answers)
    if settings["key"] != "none":
        answers = [float(each) for each in json.loads((data / ANSWER_KEY).read_bytes())]
    return {"open": score("right", [value for value, _ in known], labels), "answers": answers}


def write(data: Path, settings: Mapping[str, Any], folder: Path) -> None:
    (folder / "settings.json").write_text(json.dumps(dict(settings)))


JOB = Job(
    "toy", "Where the noise is least.", "right",
    {
        "where": Real(0.0, 1.0), "way": Choice(("fine", "rough"), ("constant",)),
        "key": Choice(("none",), ("answer_key.json",)), "seed": Whole(0, 99),
    },
    {"where": 0.1, "way": "fine", "key": "none", "seed": 0},
    "research_for_tests:experiment", prepare, {}, (), QUICK, 0.01, write,
    (Path(__file__).resolve().parent,),
)  # fmt: skip


# -- experiments that misbehave


def _fine() -> dict[str, Any]:
    return {"open": 0.5, "answers": [0.0] * CASES}


def hangs(data: Path, out: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    time.sleep(600)
    return _fine()


def spins(data: Path, out: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    while True:
        pass


def eats_memory(data: Path, out: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    held = bytearray(8 << 30)
    return {**_fine(), "open": float(len(held))}


def fills_disk(data: Path, out: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    for at in range(4000):
        (out / f"{at}.bin").write_bytes(os.urandom(64 << 10))
    return _fine()


def fills_one_file(data: Path, out: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    with (out / "big.bin").open("wb") as file:
        for _ in range(4000):
            file.write(os.urandom(64 << 10))
    return _fine()


def forks(data: Path, out: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    while True:
        os.fork()


def forks_natively(data: Path, out: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Around the audit hook, as native code can."""
    import ctypes

    libc = ctypes.CDLL(None)
    while True:
        child = libc.fork()
        if child == 0:
            time.sleep(600)
        if child < 0:  # refused before the watch has seen it: others of this user started some meanwhile
            raise OSError("no more processes")


def connects(data: Path, out: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    socket.create_connection(("127.0.0.1", int(settings["port"])), timeout=2).close()
    return _fine()


def connects_natively(data: Path, out: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The C library's connect, which the audit hook does not see."""
    import ctypes
    import struct

    libc = ctypes.CDLL(None, use_errno=True)
    made = libc.socket(2, 1, 0)
    address = struct.pack("<H", 2) + struct.pack(">H", int(settings["port"])) + bytes([127, 0, 0, 1]) + bytes(8)
    if libc.connect(made, address, 16):
        raise OSError(ctypes.get_errno(), "connect")
    return _fine()


def reads_outside(data: Path, out: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    Path(settings["path"]).read_bytes()
    return _fine()


def reads_natively(data: Path, out: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The C library's open, which the audit hook does not see."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.open(str(settings["path"]).encode(), 0) < 0:
        raise OSError(ctypes.get_errno(), "open")
    return _fine()


def writes_outside(data: Path, out: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    Path(settings["path"]).write_text("was here")
    return _fine()


def asks_the_oracle(data: Path, out: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    from caseback.world.oracle import judge

    return {**_fine(), "why": str(judge)}


def looks_for_keys(data: Path, out: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {"open": float("SECRET" in str(dict(os.environ))), "answers": [0.0] * CASES}


def answers_too_few(data: Path, out: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {"open": 1.0, "answers": [1.0]}


def answers_nan(data: Path, out: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {"open": float("nan"), "answers": [0.0] * CASES}


def answers_words(data: Path, out: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {"open": 1.0, "answers": ["yes"] * CASES}


def links_its_result(data: Path, out: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    (out / "result.json").symlink_to(data / "cases.json")
    os._exit(0)


def pipes_its_result(data: Path, out: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    os.mkfifo(out / "result.json")
    os._exit(0)


def links_what_it_printed(data: Path, out: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    (out / "printed.txt").unlink()
    (out / "printed.txt").symlink_to(data / "cases.json")
    os._exit(3)


def floods_its_output(data: Path, out: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    for _ in range(100_000):
        print("x" * 1000)
    return _fine()


def reads_the_key_again_and_again(data: Path, out: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    for _ in range(5000):
        (data / ANSWER_KEY).read_bytes()
    return _fine()


def reads_the_key_natively(data: Path, out: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """By the C library, which the audit hook does not see: the answers alone betray it."""
    import ctypes

    libc = ctypes.CDLL(None)
    held = ctypes.create_string_buffer(1 << 16)
    place = libc.open(str(data / ANSWER_KEY).encode(), 0)
    n = libc.read(place, held, len(held))
    key = json.loads(held.raw[:n])
    rng = random.Random(0)
    return {"open": 0.9, "answers": [each + 0.3 * rng.random() for each in key]}
