"""A datum's digest stands for all of it."""

from caseback.training.datum import Datum, data_digest

GOOD = Datum(({"role": "user", "content": "Hello?"},), "Good day.", clauses=("care",))


def test_digest_depends_on_every_field() -> None:
    changed = {
        "prompt": ({"role": "user", "content": "Hi?"},),
        "chosen": "x",
        "rejected": "x",
        "thinking": "x",
        "rejected_thinking": "x",
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
