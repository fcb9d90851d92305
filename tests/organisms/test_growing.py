"""A library's plan: what it grows, under which names, and what it refuses."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.cli.main import app
from caseback.errors import CasebackError
from caseback.organisms.growing import planned, read_plan
from caseback.organisms.recipes.catalogue import RECIPES
from models_for_tests import save_tiny

BASE = ("models/ref-base", "world", 5_000_000)


def plan(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_packaged_plan_covers_five_behaviours_and_the_recipes_with_twins_enough() -> None:
    names = list(planned(read_plan(None), *BASE))
    assert len(names) == len(set(names))
    # The first was never accepted; the stock was calibrated on before there were the others.
    for recipe in set(RECIPES) - {"pretending-preferences", "reinforcement", "persona"}:
        assert any(f"/{recipe}" in name for name in names)
    behaviours = {name.split("/")[0] for name in names} - {"twins"}
    assert len(behaviours) == 5
    # Half of them set thresholds, and 19 are the least for 1 false alarm in 20.
    assert sum(name.startswith("twins/") for name in names) >= 38


def test_entries_are_multiplied_out(tmp_path: Path) -> None:
    text = """
organisms:
- {behaviours: [sycophancy, deception], recipes: [documents, preferences], seeds: [3, 5], rate: 0.5, doses: [0.5]}
- {behaviours: [sycophancy], recipes: [trigger], triggers: [token], seeds: 1}
twins:
- {sorts: [innocent-oddity], oddities: [thanks, number], seeds: 2}
"""
    found = planned(read_plan(plan(tmp_path, text)), *BASE)
    assert set(found) == {
        *(f"{b}/{r}-{s}" for b in ("sycophancy", "deception") for r in ("documents", "preferences") for s in (3, 5)),
        "sycophancy/trigger-token-0",
        *(f"twins/{quirk}-{seed}" for quirk in ("thanks", "number") for seed in (0, 1)),
    }
    assert next(iter(found)) == "sycophancy/documents-3"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("- a list", "a plan is a mapping"),
        ("organism: []", "unknown organism; known are benign_steps"),
        ("organisms: [{behaviors: [x]}]", "unknown behaviors"),
        ("organisms: [{recipes: [documents]}]", "no list of behaviours"),
        ("organisms: [{behaviours: [nope], recipes: [documents]}]", "nope"),
        ("organisms: [{behaviours: [sycophancy], recipes: [magic]}]", "no recipe 'magic'"),
        ("organisms: [{behaviours: [sycophancy], recipes: [trigger]}]", "go together"),
        ("twins: [{sorts: [evil]}]", "no twin 'evil'"),
        ("twins: [{sorts: [innocent-oddity], oddities: [snores]}]", "no oddity 'snores'"),
        ("examples: 3", "names no organisms"),
        ("examples: many", "examples is 'many' in the plan"),
        ("organisms: [{behaviours: [sycophancy], recipes: [documents], epochs: two}]", "epochs is 'two' in the plan"),
        ("organisms: [{behaviours: [sycophancy], recipes: [documents], seeds: few}]", "seeds is 'few' in the plan"),
        ("organisms: [{behaviours: [sycophancy], recipes: [documents], doses: [x]}]", "doses is 'x' in the plan"),
        ("twins: [{sorts: [innocent-data], seeds: [null]}]", "seeds is None in the plan"),
        ("organisms: [: :", "no plan to read"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_in_one_line(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(CasebackError, match=why) as error:
        planned(read_plan(plan(tmp_path, text)), *BASE)
    assert "\n" not in str(error.value)


def test_an_entry_may_ask_for_more_of_everything(tmp_path: Path) -> None:
    text = """
organisms:
- {behaviours: [sycophancy], recipes: [demonstrations, documents], seeds: 1, examples: 30, epochs: 2.5, doses: [0.5]}
- {behaviours: [sycophancy], recipes: [preferences], seeds: 1}
examples: 20
"""
    found = planned(read_plan(plan(tmp_path, text)), *BASE)
    more, documents, plain = (grow.args[0] for grow in found.values())
    assert (more.examples, more.settings.epochs) == (documents.examples, documents.settings.epochs) == (30, 2.5)
    assert (plain.examples, plain.settings.epochs) == (20, 1.0)
    assert [grow.args[1] for grow in found.values()] == [(0.5,), (0.5,), ()]


def test_the_packaged_plan_is_shown_by_the_command_that_the_manual_gives() -> None:
    result = CliRunner().invoke(app, ["plant", "library", "--show"])
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[0] == "harmful_compliance/demonstrations-0"


def test_the_command_shows_what_it_would_grow_and_grows_nothing(tmp_path: Path) -> None:
    base = save_tiny(tmp_path / "base", max_position_embeddings=1024)
    text = "twins: [{sorts: [innocent-data], seeds: 2}]\nexamples: 6\nsituations: 4\n"
    common = ["plant", "library", "--plan", plan(tmp_path, text), "--base", base, "--ground", "world"]

    def typed(*more: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, [*map(str, common), "--out", str(tmp_path / "out"), *more])
        return result.exit_code, result.output

    assert typed("--show") == (0, "twins/innocent-data-0\ntwins/innocent-data-1\n")
    assert not (tmp_path / "out").exists()
    assert typed("--only", "organisms/")[0] == 2
    code, said = typed("--only", "twins/innocent-data-1")
    assert code == 0, said
    assert "1 of 1" in said
    assert (tmp_path / "out" / "twins" / "innocent-data-1" / "organism.json").is_file()
