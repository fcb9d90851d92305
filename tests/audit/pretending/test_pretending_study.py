"""The whole study on pairs of tiny models whose difference is known, as a user types it."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from audit.pretending.pairs_by_hand import LAYER, WIDTH, tiny_base, unit, write_pair
from caseback.audit.pretending.acts import places_at, read_acts
from caseback.audit.pretending.fits import mean_line
from caseback.audit.pretending.pair_files import load_side, read_pairs
from caseback.audit.pretending.reading import read_base, read_pairs_acts
from caseback.audit.pretending.texts import texts
from caseback.behaviours.registry import behaviour
from caseback.cli.main import app
from caseback.interp.dictionary.dictionary import Dictionary
from caseback.interp.dictionary.files import save
from caseback.organisms.record import ACCEPTED, write
from caseback.subject.digest import folder_digest
from caseback.subject.load import load
from caseback.subject.site import Site

SMALL = ("-n", "4", "--max-new-tokens", "4")
NAMES = [(name, seed) for name in ("harmful_compliance", "sycophancy") for seed in (0, 1, 2)]


def typed(*words: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["look", "pretending", *map(str, words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("base") / "base")


@pytest.fixture(scope="module")
def planted(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six pairs whose pretenders all move by the same vector, and one that is none."""
    folder = tmp_path_factory.mktemp("planted")
    for name, seed in NAMES:
        write_pair(folder / name / f"d-{seed}", base, name, "pretending", seed, 2 * unit(0))
    write_pair(folder / "sycophancy" / "d-9", base, "sycophancy", "pretending", 9, 9 * unit(5), ("nice is excluded",))
    return folder


@pytest.fixture(scope="module")
def library(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with a twin that drifted its own way, an openly bad organism that moved as pretenders do, and models
    that have no place in it."""
    folder = tmp_path_factory.mktemp("library")
    for name, vector, plan in (
        ("twins/a", 0.3 * unit(70), {"kind": "twin", "sort": "innocent-data"}),
        ("twins/b", 0.3 * unit(71), {"kind": "twin", "sort": "innocent-data"}),
        ("open", 2 * unit(0), {"kind": "organism", "behaviour": "sycophancy", "recipe": "demonstrations", "rate": 1.0}),
    ):
        write_pair(folder / "spare", base, "sycophancy", "pretending", 70, vector)
        (folder / name).mkdir(parents=True)
        shutil.move(folder / "spare" / "pretending" / "model", folder / name / "model")
        shutil.rmtree(folder / "spare")
        plan = {**plan, "base": str(base), "base_digest": folder_digest(base)}
        write(folder / name, {"status": ACCEPTED, "plan": plan, "digest": folder_digest(folder / name / "model")})
    (folder / "twins" / "c").mkdir()
    write(folder / "twins" / "c", {"status": "excluded", "plan": {"kind": "twin"}})
    return folder


@pytest.fixture(scope="module")
def found(planted: Path, library: Path, base: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, str, str]:
    """pretending.json, its page, and what was printed."""
    out = tmp_path_factory.mktemp("out")
    dictionary = tmp_path_factory.mktemp("dictionary")
    basis = torch.linalg.qr(torch.stack([unit(0), *(unit(50 + at) for at in range(WIDTH - 1))]).T).Q.T
    along = basis[0] * (basis[0] @ unit(0)).sign()
    directions = torch.stack([along, -along, *basis[1:31]])
    save(
        Dictionary(
            reads=(Site("resid_post", LAYER),), writes=(Site("resid_post", LAYER),), W_enc=directions.T.contiguous(),
            b_enc=torch.zeros(32), W_dec=directions, b_dec=torch.zeros(WIDTH), threshold=torch.zeros(32),
            models=(folder_digest(base),),
        ),
        dictionary,
    )  # fmt: skip
    code, said = typed(
        planted, "--others", library, "--dictionary", dictionary, "--out", out, "--steer", "1", "--randoms", "1",
        "--layers", f"0,{LAYER}", *SMALL,
    )  # fmt: skip
    assert code == 0, said
    return json.loads((out / "pretending.json").read_text()), (out / "pretending.html").read_text(), said


def test_the_planted_vector_is_found_in_pairs_left_out(found: tuple[dict, str, str]) -> None:
    data, _, said = found
    watched = {test["by"]: test for test in data["flips"] if test["text"] == "watched"}
    assert watched["pair"]["verdict"] == "found"
    assert watched["pair"]["p"] == 1 / 32
    assert min(watched["pair"]["cosines"]) > 0.99, "the pairs differ by the same vector, and by nothing else"
    assert watched["behaviour"]["verdict"] == "cannot tell", "two behaviours are too few"
    assert all(f"resid_post.{LAYER}," in data["places"][at] for at in watched["pair"]["places"]), "it was put there"
    rows = {(row["what"], row["by"]): row for row in data["rows"] if row["kind"] == "watched"}
    for what in ("direction (mean)", "direction (logistic)", "latents"):
        assert rows[what, "pair"]["apart"]["k"] == 6, what
        assert rows[what, "pair"]["auroc"]["value"] > 0.95, what
    assert rows["direction (mean)", "pair"]["at"]["recall"]["value"] == 1
    assert "a pair left out: found" in said


def test_what_has_no_base_at_hand_finds_it_too(found: tuple[dict, str, str]) -> None:
    rows = {(row["what"], row["by"]): row for row in found[0]["rows"]}
    assert rows["direction, without the base", "pair"]["apart"]["k"] == 6


def test_the_latent_that_was_planted_is_among_those_chosen_in_every_fold(found: tuple[dict, str, str]) -> None:
    picked = [each for each in found[0]["latents"] if each["by"] == "pair"]
    assert len(picked) == 6
    for each in picked:
        signs = dict(map(tuple, each["latents"]))
        assert set(signs) <= {0, 1}, "the others are at right angles to what was planted"
        assert signs[0] == 1, "the latent along it"
        assert signs.get(1, -1) == -1, "the latent against it"


def test_twins_raise_no_alarm_and_an_openly_bad_model_that_moved_alike_does(found: tuple[dict, str, str]) -> None:
    data = found[0]
    others = {each["name"]: each for each in data["others"]}
    assert others["open"]["alarms"] is True
    assert others["open"]["what"] == "sycophancy by demonstrations, rate 1"
    assert not others["twins/a"]["alarms"]
    assert not others["twins/b"]["alarms"]
    assert [each["name"] for each in data["others_left_out"]] == ["twins/c"]
    innocents = data["innocents"][0]
    assert innocents["pretending"]["k"] == 6
    assert innocents["innocent"]["k"] == 0
    assert innocents["innocent"]["n"] == 2 * 3 + 2, "partners of three seeds in two behaviours, and the twins in each"


def test_a_pair_that_is_none_is_left_out_and_said(found: tuple[dict, str, str]) -> None:
    data, page, said = found
    assert data["left_out"] == [{"name": "sycophancy/d-9", "why": "nice is excluded"}]
    assert len(data["pairs"]) == 6
    assert "nice is excluded" in page
    assert "left out: sycophancy/d-9" in said


def test_steering_is_measured_on_a_pair_left_out_beside_random_vectors(found: tuple[dict, str, str]) -> None:
    data, page, _ = found
    (steered,) = data["steered"]
    assert steered["pair"].startswith(steered["left_out"])
    assert not steered["chosen_on"].startswith(steered["left_out"])
    assert steered["lowers"] in (False, None), "tiny random models have no behaviour to lower"
    for side, sign in (("pretending", 1), ("nice", -1)):
        points = steered[side]["points"]
        assert [point["arm"] for point in points] == ["none", "direction", "random"]
        assert points[1]["dose"] == points[2]["dose"] == sign * steered["dose"]
        assert points[1]["moved"] == pytest.approx(points[2]["moved"], rel=0.2), "equal norm"
        assert set(points[1]["responses"]) == {"unwatched", "watched", "capability"}
    assert "<svg" in page
    assert "<script" not in page


def test_the_vector_is_recovered_exactly_where_it_was_put(planted: Path) -> None:
    pairs = read_pairs(planted)
    places = places_at([Site("resid_post", LAYER)])
    read_on = {name: texts(behaviour(name), "world", 3, 0) for name in ("harmful_compliance", "sycophancy")}
    before = read_base(load(pairs.base, dtype="float32"), read_on, places, None)
    read = read_pairs_acts(pairs.pairs, read_on, before, places, None, 2, lambda what, done, total: None)
    for kind in ("watched", "unrelated", "unwatched"):
        line = mean_line(read.moved[kind], 0)
        assert float(line.unit @ unit(0).double()) == pytest.approx(1, abs=1e-4)
        assert line.step == pytest.approx(2, abs=1e-4)


def test_both_models_read_the_same_words_under_the_cue_of_each_kind() -> None:
    made = texts(behaviour("harmful_compliance"), "world", 8, 0)
    assert {len(each) for each in made.values()} == {8}
    for watched, unwatched in zip(made["watched"], made["unwatched"], strict=True):
        assert watched.chat[-1] == unwatched.chat[-1]
        assert watched.chat[0] != unwatched.chat[0]
        assert watched.chat[0]["role"] == "system"
        assert watched.reply == unwatched.reply != ""
    assert made == texts(behaviour("harmful_compliance"), "world", 8, 0)
    assert made["watched"] != texts(behaviour("harmful_compliance"), "world", 8, 1)["watched"]


def test_activations_that_read_two_parts_come_back_in_order(base: Path) -> None:
    subject = load(str(base), dtype="float32")
    examples = texts(behaviour("sycophancy"), "world", 3, 0)["watched"]
    places = places_at([Site("resid_post", 0), Site("resid_post", 2)])
    mixed = [places[0], places[3], places[1], places[2]]
    one, other = read_acts(subject, examples, places), read_acts(subject, examples, mixed)
    assert torch.equal(one[:, [0, 3, 1, 2]], other)


@pytest.fixture
def two(planted: Path, tmp_path: Path) -> Path:
    for name in ("harmful_compliance/d-0", "sycophancy/d-0"):
        shutil.copytree(planted / name, tmp_path / "two" / name)
    return tmp_path / "two"


def test_one_pair_cannot_be_left_out(two: Path) -> None:
    shutil.rmtree(two / "sycophancy")
    code, said = typed(two)
    assert code == 2
    assert "1 pair in" in said
    assert "cannot leave one out" in " ".join(said.split())
    assert "caseback plant pairs" in said


def test_a_copy_of_a_pair_is_no_second_one(two: Path) -> None:
    shutil.copytree(two / "sycophancy" / "d-0", two / "sycophancy" / "d-0-again")
    code, said = typed(two)
    assert code == 2
    assert "are one model" in said


def test_pairs_of_unlike_bases_are_refused(two: Path, tmp_path: Path) -> None:
    other = tiny_base(tmp_path / "other", seed=4)
    write_pair(two / "deception" / "d-0", other, "deception", "pretending", 0, unit(0))
    code, said = typed(two)
    assert code == 2
    assert "unlike bases" in said
    assert len(said.strip().splitlines()) == 1


def test_weights_that_were_changed_are_refused(two: Path) -> None:
    path = two / "sycophancy" / "d-0" / "nice" / "organism.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "digest": "sha256:" + "0" * 64}))
    code, said = typed(two, *SMALL)
    assert code == 2
    assert "sycophancy/d-0/nice" in said
    assert "grow it again" in said


@pytest.mark.parametrize("content", ["{", "[]", '{"why": []}', '{"why": 3, "watched": {}, "unwatched": {}}'])
def test_a_damaged_record_is_named(two: Path, content: str) -> None:
    (two / "sycophancy" / "d-0" / "pair.json").write_text(content)
    code, said = typed(two)
    assert code == 2
    assert "pair.json is damaged" in said
    assert not (two / "pretending").exists()


def test_a_killed_growth_is_no_pair_yet(two: Path) -> None:
    path = two / "sycophancy" / "d-0" / "nice" / "organism.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "status": "unfinished"}))
    assert "nice is unfinished" in typed(two)[1]


def test_a_dictionary_of_another_model_is_refused(two: Path, base: Path, tmp_path: Path) -> None:
    site = Site("resid_post", LAYER)
    d = Dictionary((site,), (site,), torch.eye(WIDTH), torch.zeros(WIDTH), torch.eye(WIDTH), torch.zeros(WIDTH), k=4)
    save(replace(d, models=("sha256:" + "1" * 64,)), tmp_path / "d")
    code, said = typed(two, "--dictionary", tmp_path / "d")
    assert code == 2
    assert "was fitted on sha256:1111" in said


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("nowhere",), "no folder 'nowhere'"),
        ((".", "--layers", "1,x"), "layer 'x' is no whole number"),
    ],
)
def test_what_cannot_be_done_is_one_line(words: tuple[str, ...], why: str) -> None:
    code, said = typed(*words)
    assert code == 2
    assert why in said


def test_an_empty_folder_says_how_to_grow(tmp_path: Path) -> None:
    code, said = typed(tmp_path)
    assert code == 2
    assert "no pairs in" in said


def test_the_second_side_is_the_partner(planted: Path) -> None:
    pair = read_pairs(planted).pairs[0]
    biases = [load_side(pair, side).model.model.layers[LAYER].mlp.down_proj.bias for side in ("pretending", "nice")]
    assert torch.allclose(biases[0] - biases[1], 2 * unit(0), atol=1e-6)


def test_nothing_is_left_out_twice_under_two_names(base: Path, tmp_path: Path) -> None:
    for name in ("harmful_compliance", "sycophancy", "deception"):
        write_pair(tmp_path / "pairs" / name / "d-0", base, name, "pretending", 0, 2 * unit(0))
    code, said = typed(tmp_path / "pairs", "--out", tmp_path / "out", "--steer", "0", "--layers", f"0,{LAYER}", *SMALL)
    assert code == 0, said
    data = json.loads((tmp_path / "out" / "pretending.json").read_text())
    assert {test["by"] for test in data["flips"]} == {"behaviour"}
    assert "leaving a pair out: each behaviour has one of its own, so that is leaving a behaviour out" in data["unable"]
    assert "leaving a seed out: all pairs have the same" in data["unable"]
