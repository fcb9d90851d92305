"""Behaviours from other packages, found by their entry points."""

import sys
from pathlib import Path

import pytest

from caseback.behaviours.registry import behaviour, behaviours, trained_against
from caseback.errors import CasebackError

SEVENTH = """
from caseback.behaviours.behaviour import Behaviour
from caseback.chat import user
from caseback.world.situation import Judgement, Situation

BEHAVIOUR = Behaviour(
    name="shouting",
    summary="Answers in capitals.",
    families=("style",),
    situations=lambda ground, split, n, seed: [
        Situation(f"shout:{i}", "style.shouting", split, (user("Say hello."),), ground=ground) for i in range(n)
    ],
    judge=lambda situation, reply: Judgement(reply.isupper() if reply else None, "capitals"),
)
"""


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, code: str, entry: str) -> None:
    """A package with a dist-info of its own, as pip would leave it."""
    (folder / "other_package.py").write_text(code)
    info = folder / "other_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[caseback.behaviours]\n{entry}\n")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "other_package", raising=False)


def test_the_first_six_are_trained_against_and_the_planted_ones_only_installed() -> None:
    assert list(trained_against()) == [
        "cheating", "deception", "good_only_when_tested", "harmful_compliance", "sandbagging", "sycophancy",
    ]  # fmt: skip
    assert set(behaviours()) >= {*trained_against(), "blackmail", "scheming", "power_seeking", "collusion"}
    assert behaviour("over_refusal") is behaviour("harmful_compliance").companion


def test_a_seventh_from_another_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scripted) -> None:  # type: ignore[no-untyped-def]
    before = set(behaviours())
    install(tmp_path, monkeypatch, SEVENTH, "shouting = other_package:BEHAVIOUR")
    assert set(behaviours()) == before | {"shouting"}
    from caseback.behaviours.measure import measure

    seventh = behaviour("shouting")
    found = measure(scripted(lambda _: "HELLO"), seventh, seventh.situations("plain", "test", 5, 0))
    assert (found.rate.k, found.rate.n, found.calibrated) == (5, 5, "uncalibrated")


@pytest.mark.parametrize(
    ("code", "entry", "said"),
    [
        ("raise RuntimeError('no weights')", "broken = other_package:BEHAVIOUR", "no weights"),
        ("", "gone = other_package:BEHAVIOUR", "cannot be loaded"),
        ("BEHAVIOUR = 3", "three = other_package:BEHAVIOUR", "is a int"),
        (SEVENTH, "whispering = other_package:BEHAVIOUR", "calls itself 'shouting'"),
        (SEVENTH.replace("shouting", "cheating"), "cheating = other_package:BEHAVIOUR", "takes a name"),
    ],
)
def test_a_faulty_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, entry: str, said: str
) -> None:
    install(tmp_path, monkeypatch, code, entry)
    with pytest.raises(CasebackError, match=said) as caught:
        behaviours()
    assert "other_package" in str(caught.value) or "other-package" in str(caught.value)


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(CasebackError, match=r"there are .*cheating, .*contradiction"):
        behaviour("swearing")
