"""A planted behaviour is foretold from the inside, a random one is not; and nothing is run that is foretold."""

import json
import random
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from caseback.chat import user
from caseback.cli.main import app
from caseback.errors import CasebackError
from caseback.interp.difference.separation import said
from caseback.interp.difference.taken_hold import last_token
from caseback.interp.forecast.folds import SHRINKS, Known, base_rate, best_shrink, folds
from caseback.interp.forecast.foretell import check_apart, forecasts, foretell, run_draws
from caseback.interp.forecast.inside import fit_inside
from caseback.interp.forecast.outside import fit_text, kind_rates
from caseback.interp.forecast.score import score_forecasts
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Reply, Sampling
from caseback.world.situation import Judgement, Situation
from models_for_tests import save_tiny, tiny

WORDS = "one two three four five six seven eight nine ten quick brown fox lazy dog task wrong right harm".split()  # noqa: SIM905


@cache
def subject() -> OpenSubject:
    model, tokenizer = tiny("llama")
    return OpenSubject("tiny", "digest", model, tokenizer, model.device)


def texts(n: int, seed: int, families: range) -> list[Situation]:
    """Random words; families are only names, so that what is foretold has to be read from the activations."""
    rng = random.Random(seed)
    made = []
    for i in range(n):
        family = f"k.{families[i % len(families)]}"
        made.append(Situation(f"{family}/{seed}/{i}", family, "test", (user(" ".join(rng.choices(WORDS, k=8))),)))
    return made


def planted(run: list[Situation], unseen: list[Situation]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Activations of both, and outcomes that follow a direction in the middle of the model."""
    acts, there = (last_token(subject(), part).double().numpy() for part in (run, unseen))
    # A direction along which these inputs do differ.
    direction = np.linalg.svd(acts[:, 2] - acts[:, 2].mean(0), full_matrices=False)[2][:3].sum(0)
    middle = np.median(acts[:, 2] @ direction)
    return acts, there, (acts[:, 2] @ direction > middle) * 1.0, (there[:, 2] @ direction > middle) * 1.0


@pytest.fixture(scope="module")
def both() -> tuple[list[Situation], list[Situation]]:
    return texts(160, 0, range(16)), texts(120, 1, range(16, 28))


def test_a_planted_linear_behaviour_is_foretold_in_families_never_run(both) -> None:
    run, unseen = both
    acts, there, outcome, truth = planted(run, unseen)
    known = Known(outcome, tuple(s.family for s in run), tuple(said(s.messages) for s in run))
    predictions, _ = forecasts(acts, known, there, unseen, seed=0)
    scores = score_forecasts(predictions, [[bool(y)] for y in truth], [s.family for s in unseen])
    inside = scores.forecasters[0]
    assert inside.skill > 0.4
    assert scores.differences["base rate"].high < 0
    assert scores.differences["black box"].high < 0
    assert inside.auroc.low > 0.85


def test_a_random_behaviour_is_not_and_the_forecast_falls_back_to_the_base_rate(both) -> None:
    run, unseen = both
    acts, there, _, _ = planted(run, unseen)
    rng = np.random.default_rng(3)
    outcome, truth = (rng.random(len(run)) < 0.4) * 1.0, rng.random(len(unseen)) < 0.4
    known = Known(outcome, tuple(s.family for s in run), tuple(said(s.messages) for s in run))
    predictions, _ = forecasts(acts, known, there, unseen, seed=0)
    scores = score_forecasts(predictions, [[bool(y)] for y in truth], [s.family for s in unseen])
    assert abs(scores.forecasters[0].skill) < 0.1
    assert scores.differences["base rate"].high > 0


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_behaviour_that_is_always_or_never_shown_gives_the_base_rate_and_no_error(both, value: float) -> None:
    run, unseen = both
    acts, there, _, _ = planted(run, unseen)
    known = Known(np.full(len(run), value), tuple(s.family for s in run), tuple(said(s.messages) for s in run))
    predictions, _ = forecasts(acts, known, there, unseen, seed=0)
    base = base_rate(known.shares)
    assert all(abs(p - base) < 0.02 for name in predictions for p in predictions[name])


def test_shares_of_draws_are_fitted_like_as_many_single_draws(both) -> None:
    run, _ = both
    acts = last_token(subject(), run[:40]).double().numpy()
    shares = np.array([i % 3 / 2 for i in range(40)])
    families, said_ = tuple(s.family for s in run[:40]), tuple(said(s.messages) for s in run[:40])
    known = Known(shares, families, said_)
    one = fit_text(known).predict(said_, families)
    assert one.min() >= 0
    assert one.max() <= 1
    assert fit_inside(acts, known).predict(acts, families).shape == (40,)


def test_folds_part_no_family_and_cover_all() -> None:
    families = [f"f{i % 7}" for i in range(30)]
    seen: list[int] = []
    for kept, out in folds(families, 0):
        assert not {families[i] for i in kept} & {families[i] for i in out}
        seen += out.tolist()
    assert sorted(seen) == list(range(30))
    assert list(folds(["one"] * 4, 0)) == []


def test_a_forecast_that_is_wrong_out_of_fold_is_not_used() -> None:
    shares = np.array([0.0, 1.0] * 20)
    assert best_shrink(1 - shares, np.full(40, 0.5), shares)[0] == 0.0
    assert best_shrink(shares, np.full(40, 0.5), shares) == (1.0, 0.0)
    assert SHRINKS[0] == 0.0


def test_kinds_have_their_rate_and_an_unknown_kind_the_base_rate() -> None:
    known = Known(np.array([1.0, 1.0, 0.0, 0.0]), ("a.1", "a.2", "b.1", "b.2"), ("",) * 4)
    assert kind_rates(known, ["a.9", "b.9", "c.9"]).tolist() == pytest.approx([2.5 / 3, 0.5 / 3, 0.5])


def test_nothing_that_is_foretold_is_run(both, monkeypatch: pytest.MonkeyPatch) -> None:
    run, unseen = both
    run, unseen = run[:24], unseen[:12]
    asked: list[str] = []

    def generate(self, chats, sampling=None, *, seeds=None, begun=None, progress=None) -> list[Reply]:
        asked.extend(said(chat) for chat in chats)
        return [Reply("x" if "one" in chat[-1]["content"] else "y") for chat in chats]

    monkeypatch.setattr(OpenSubject, "generate", generate)
    judge = lambda situation, reply: Judgement(reply == "x", "")  # noqa: E731
    body = foretell(subject(), run, unseen, judge, Sampling(4), {"n": 1})
    assert sorted(asked) == sorted(said(s.messages) for s in run)
    assert len(body["predictions"]["inside"]) == len(body["situations"]) == 12
    assert all(0 <= p <= 1 for values in body["predictions"].values() for p in values)
    assert body["run"]["judged"] == 24


def test_draws_depend_on_the_situation_and_not_on_what_else_is_run() -> None:
    some = texts(4, 5, range(4))
    seen: dict[str, list[str]] = {}

    def judge(situation: Situation, reply: str) -> Judgement:
        seen.setdefault(situation.id, []).append(reply)
        return Judgement(True, "")

    sampling = Sampling(4, temperature=1.0)
    run_draws(subject(), some, judge, sampling, 2, 0)
    whole, seen = seen, {}
    run_draws(subject(), some[2:], judge, sampling, 2, 0)
    assert {id: whole[id] for id in seen} == seen
    assert any(len(set(replies)) == 2 for replies in seen.values())


def test_what_is_run_is_not_foretold(both) -> None:
    run, unseen = both
    with pytest.raises(CasebackError, match="would be both run and foretold"):
        check_apart(run, [*unseen, run[3]])
    with pytest.raises(CasebackError, match="no situations to run, or none to foretell"):
        check_apart(run, [])
    few = [s for s in run if s.family in ("k.0", "k.1")]
    judge = lambda situation, reply: Judgement(True, "")  # noqa: E731
    with pytest.raises(CasebackError, match="replies of 2 families could be judged, and 4 are needed"):
        foretell(subject(), few, unseen, judge, Sampling(2), {})


def test_activations_that_are_not_finite_are_refused(both) -> None:
    model, tokenizer = tiny("llama", seed=2)
    with torch.no_grad():
        model.get_parameter("model.layers.1.mlp.down_proj.weight")[0, 0] = float("inf")
    broken = OpenSubject("broken", "d", model, tokenizer, model.device)
    with pytest.raises(CasebackError, match="activations of broken are not finite"):
        last_token(broken, both[0][:2])


def test_the_command_seals_scores_and_refuses_what_was_edited(tmp_path: Path) -> None:
    model = save_tiny(tmp_path / "model", vocab_size=400)
    out = tmp_path / "forecast"
    runner = CliRunner()
    # A random model says nothing that the oracle can judge but for requests, where gibberish may be judged at all.
    options = [
        "look", "forecast", "seal", str(model), "--ground", "world", "--kinds", "opinion,harm", "-n", "8",
        "--max-new-tokens", "4", "--out", str(out),
    ]  # fmt: skip
    refused = runner.invoke(app, options)
    assert refused.exit_code == 2
    assert "could be judged" in refused.output
    assert not (out / "seal.json").exists()


@pytest.mark.slow
def test_the_command_on_the_reference_model(tmp_path: Path) -> None:
    out = tmp_path / "forecast"
    runner = CliRunner()
    options = ["--kinds", "watched,opinion", "-n", "8", "--max-new-tokens", "24", "--out", str(out)]
    sealed = runner.invoke(app, ["look", "forecast", "seal", *options, "--json"])
    assert sealed.exit_code == 0, sealed.output
    commitment = json.loads(sealed.stdout.strip().splitlines()[-1])["seal"]
    scored = runner.invoke(app, ["look", "forecast", "score", str(out), "--seal", commitment, "--json"])
    assert scored.exit_code == 0, scored.output
    data = json.loads((out / "forecast.json").read_text())
    assert data["seal"] == commitment
    assert {each["name"] for each in data["scores"]["forecasters"]} >= {"inside", "black box", "base rate"}
    path = out / "predictions.json"
    path.write_text(path.read_text().replace('"inside": [\n', '"inside": [\n    0.5,\n', 1))
    edited = runner.invoke(app, ["look", "forecast", "score", str(out)])
    assert edited.exit_code == 2
    assert "not what was sealed" in edited.output
