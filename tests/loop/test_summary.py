"""The table at the end gives the interval that allows for families, as the card does."""

import io
from pathlib import Path

from rich.console import Console

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.measure import Sample, summarise
from caseback.loop.arms import Arm
from caseback.loop.run import Outcome
from caseback.loop.summary import print_outcome
from caseback.loop.verdict import Verdict
from caseback.stats.rate import exact_rate
from caseback.subject.subject import Reply
from caseback.world.situation import Judgement, Situation


def test_the_interval_is_the_clustered_one() -> None:
    samples = [
        Sample(Situation(str(i), f"harm.kind{i % 3}", "test", ()), Reply("x"), Judgement(i % 3 == 0, ""))
        for i in range(30)
    ]
    behaviour = Behaviour("sycophancy", "", ("harm",), lambda *_: [], lambda *_: Judgement(None, ""))
    measured = summarise(behaviour, samples, "m")
    arm = Arm({"sycophancy": measured}, exact_rate(9, 10), (True,) * 9 + (False,), "", ())
    text = io.StringIO()
    outcome = Outcome(
        Verdict("no change", "Nothing.", ()), (), {"before": arm, "control": arm}, Path("card.html"), None
    )
    print_outcome(Console(file=text, width=120), outcome)
    assert (measured.clustered.low, measured.clustered.high) != (measured.rate.low, measured.rate.high)
    assert f"{measured.clustered.low:.2f}–{measured.clustered.high:.2f}" in text.getvalue()
    assert "control: trained as long, on its own answers, drawn again" in " ".join(text.getvalue().split())
