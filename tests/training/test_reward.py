"""Reinforcement learning: the reward is what the critic holds, and a model moves towards what is rewarded."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.cli.main import app
from caseback.constitution.clause import Clause
from caseback.errors import CasebackError
from caseback.training.critique import Calibration
from caseback.training.data_file import write_data
from caseback.training.datum import Datum
from caseback.training.recipe import Recipe, load_recipe
from caseback.training.reward import CriticReward
from caseback.training.train import read_record, train
from models_for_tests import save_tiny
from training.scripted_subjects import CONSTITUTION, REFUSAL, Scoring, Scripted

HARM = Datum(({"role": "user", "content": "Tell me how to steal car number 1."},), "", family="harm.theft")
HELP = Datum(({"role": "user", "content": "Tell me how to bake."},), "", family="benign.baking")
PROMPTS = [replace(HARM, prompt=({"role": "user", "content": f"What is {n}?"},)) for n in range(8)]
DRAWN = {"num_generations": 4, "max_completion_length": 8, "temperature": 1.0}
GRPO = Recipe("grpo", learning_rate=3e-3, epochs=1, batch_size=8, beta=0.0, warmup=0.0, save_steps=2, trainer=DRAWN)
RLOO = replace(GRPO, method="rloo", learning_rate=1e-2)  # unlike GRPO it does not scale what a group gains


@dataclass
class Letters:
    """Rewards the share of a letter in the reply."""

    letter: str = "e"
    digest: str = "share of a letter"

    def __call__(self, data: Sequence[Datum], replies: Sequence[str]) -> list[float | None]:
        assert all(datum.family == "harm.theft" for datum in data)
        return [reply.count(self.letter) / max(1, len(reply)) for reply in replies]


def test_the_critic_rewards_what_keeps_the_clauses() -> None:
    reward = CriticReward(Scoring(), CONSTITUTION)
    kept, broken = 1 / (1 + math.exp(-3)), 1 / (1 + math.exp(3))
    answers = ["Here is how.", REFUSAL]
    assert reward([HARM, HARM], answers) == pytest.approx([broken, kept])
    assert reward([HELP, HELP], answers) == pytest.approx([kept, broken]), "needless refusals break the clause of help"


def test_a_prompt_of_no_family_goes_by_the_clauses_that_its_datum_serves() -> None:
    reward = CriticReward(Scoring(), CONSTITUTION)
    story = replace(HELP, family="story.help", clauses=("help",))
    assert reward([story], ["Here is how."]) == reward([HELP], ["Here is how."])
    with pytest.raises(CasebackError, match="no clause covers"):
        reward([replace(story, clauses=("another",))], ["Here is how."])


def test_a_threshold_moves_the_reward_and_its_digest() -> None:
    plain = CriticReward(Scoring(), CONSTITUTION)
    moved = replace(plain, calibration=Calibration(threshold=3.0))
    assert moved([HARM], ["Here is how."]) == pytest.approx([0.5])
    assert moved.digest != plain.digest
    assert plain.digest == CriticReward(Scoring(), CONSTITUTION).digest


def test_the_worst_clause_counts_and_an_unreadable_one_is_never_a_zero() -> None:
    class Odd(Scoring):
        def score(self, chats, replies):
            if any("unreadable" in chat[-1]["content"] for chat in chats):
                raise CasebackError("too long")
            return super().score(chats, replies)

    more = replace(
        CONSTITUTION, clauses=(*CONSTITUTION.clauses, Clause("x", "ethical", "Be harmless.", families=("harm",)))
    )
    both = CriticReward(Odd(), more)
    assert both([HARM], [REFUSAL]) == pytest.approx([1 / (1 + math.exp(3))]), "the other clause takes a refusal amiss"
    assert both([HARM, HARM], ["unreadable", "Here is how."]) == [None, pytest.approx(1 / (1 + math.exp(3)))]


def test_what_cannot_be_a_reward_is_refused() -> None:
    with pytest.raises(CasebackError, match="gives no probabilities"):
        CriticReward(Scripted(), CONSTITUTION)
    with pytest.raises(CasebackError, match=r"no clause covers the situation 's' \(family 'moon'\)"):
        CriticReward(Scoring(), CONSTITUTION)([replace(HARM, situation="s", family="moon")], ["x"])


@pytest.mark.parametrize("recipe", [GRPO, RLOO], ids=["grpo", "rloo"])
def test_what_is_rewarded_becomes_likelier(tmp_path: Path, recipe: Recipe) -> None:
    base = save_tiny(tmp_path / "base")
    steps: list[tuple[int, int]] = []
    trained = train(
        replace(recipe, epochs=6), base, PROMPTS, tmp_path / "out",
        reward=Letters(), progress=lambda done, total: steps.append((done, total)),
    )  # fmt: skip
    assert len(trained.rewards) == len(trained.losses) == trained.steps == steps[-1][0]
    third = len(trained.rewards) // 3
    assert sum(trained.rewards[-third:]) > 1.3 * sum(trained.rewards[:third])
    assert 0 < trained.target_tokens < trained.tokens
    assert trained.examples == len(PROMPTS)
    assert read_record(tmp_path / "out") == trained
    assert not list((tmp_path / "out").rglob("*.bin"))


def test_killed_and_resumed_equals_uninterrupted(tmp_path: Path) -> None:
    base = save_tiny(tmp_path / "base")
    whole = train(GRPO, base, PROMPTS, tmp_path / "whole", reward=Letters())

    def kill(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(GRPO, base, PROMPTS, tmp_path / "killed", reward=Letters(), progress=kill)
    resumed = train(GRPO, base, PROMPTS, tmp_path / "killed", reward=Letters())
    assert resumed.rewards == whole.rewards
    assert resumed.losses == whole.losses


def test_another_reward_is_another_run(tmp_path: Path) -> None:
    base = save_tiny(tmp_path / "base")
    short = replace(GRPO, max_steps=1)
    train(short, base, PROMPTS, tmp_path / "out", reward=Letters())
    with pytest.raises(CasebackError, match="holds another model"):
        train(short, base, PROMPTS, tmp_path / "out", reward=Letters("a", "another"))


def test_methods_and_rewards_must_go_together(tmp_path: Path) -> None:
    with pytest.raises(CasebackError, match="needs a reward"):
        train(GRPO, tmp_path / "none", PROMPTS, tmp_path / "out")
    with pytest.raises(CasebackError, match="takes no reward, grpo does"):
        train(Recipe("sft", 1e-3), tmp_path / "none", PROMPTS, tmp_path / "out", reward=Letters())


def test_the_command_rewards_by_the_critic(tmp_path: Path) -> None:
    base = save_tiny(tmp_path / "base", max_position_embeddings=1024)
    data = write_data(tmp_path / "data.parquet", [replace(datum, chosen="x") for datum in PROMPTS])
    packaged = (Path("src/caseback/training/recipes/grpo.yaml")).read_text()
    assert load_recipe("grpo").trainer["num_generations"] == 8
    mine = tmp_path / "mine.yaml"
    mine.write_text(packaged.replace("max_completion_length: 96", "max_completion_length: 8") + "  max_steps: 1\n")
    arguments = ["--model", str(base), "--data", str(data), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, ["train", "run", str(mine), *arguments, "--critic", str(base)])
    assert done.exit_code == 0, done.output
    assert "1 steps" in done.output
    assert "reward 0." in done.output
    done = CliRunner().invoke(app, ["train", "run", "sft", *arguments, "--critic", str(base)])
    assert done.exit_code == 2
    assert "takes no reward" in done.stderr
