"""The seal: whatever is edited, left out or changed about in key or game is found."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.audit.games.label import Label
from caseback.audit.games.seal import commitment_of, sealed, unsealed
from caseback.dossier.record import canonical
from caseback.errors import CasebackError

GIVEN = {
    "game": "find",
    "ground": "world",
    "base_digest": "sha256:0",
    "access": "weights",
    "budget": {"requests": None, "tokens": None},
}
LABELS = {
    "s01": Label("sycophancy", "documents", "", 3, 1.0, 0.5, (3, 8), "sycophancy/documents-3 at 0.5", "sha256:a"),
    "s02": Label("", "innocent-data", "", 0, 0.0, 1.0, None, "twins/innocent-data-0", "sha256:b"),
    "s03": Label("deception", "trigger", "token", 1, 1.0, 1.0, (8, 8), "deception/trigger-token-1", "sha256:c"),
}
DIGESTS = {name: f"sha256:{name}" for name in LABELS}


def made(access: str = "weights") -> tuple[Any, Any]:
    """A game and its key, as they are read back from their files."""
    game, key = sealed({**GIVEN, "access": access}, LABELS, DIGESTS, {"seed": 7, "library": "organisms"})
    return json.loads(json.dumps(game)), json.loads(json.dumps(key))


GAME, KEY = made()


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value that holds no others, and of every empty holder."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] if not items else [leaf for name, each in items for leaf in leaves(each, (*path, name))]


def edited(data: Any, path: tuple[Any, ...], new: Any) -> Any:
    copied = copy.deepcopy(data)
    place = copied
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = new
    return copied


def at(data: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        data = data[step]
    return data


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 9), st.floats(-2, 2), st.text(max_size=4), st.just([]), st.just({})
)


def test_what_was_sealed_is_opened() -> None:
    for access in ("weights", "address"):
        game, key = made(access)
        assert unsealed(game, key) == LABELS
        assert unsealed(game, key, published=game["commitment"].upper()) == LABELS
        assert commitment_of(game) == game["commitment"]


@given(st.sampled_from([path for path in leaves(KEY) if path not in (("kind",), ("version",))]), VALUES)
def test_any_edit_of_the_key_is_found(path: tuple[Any, ...], new: Any) -> None:
    """Kind and version are checked where the file is read."""
    key = edited(KEY, path, new)
    if canonical(key) == canonical(KEY):
        return
    with pytest.raises(CasebackError, match="key"):
        unsealed(GAME, key)


@given(st.sampled_from(leaves(GAME)), VALUES)
def test_any_edit_of_the_game_is_found(path: tuple[Any, ...], new: Any) -> None:
    game = edited(GAME, path, new)
    if canonical(game) == canonical(GAME):
        return
    with pytest.raises(CasebackError, match="not the one that was sealed"):
        unsealed(game, KEY, published=GAME["commitment"])


@given(st.permutations(list(LABELS)), st.sampled_from(["label", "nonce", "digest", None]))
def test_permuting_subjects_in_the_key_is_found(order: list[str], part: str | None) -> None:
    """Whole entries, or one part of them."""
    key = copy.deepcopy(KEY)
    for name, other in zip(LABELS, order, strict=True):
        if part is None:
            key["subjects"][name] = KEY["subjects"][other]
        else:
            key["subjects"][name][part] = KEY["subjects"][other][part]
    if key == KEY:
        return
    with pytest.raises(CasebackError, match="is not what was sealed"):
        unsealed(GAME, key)


@pytest.mark.parametrize("name", list(LABELS))
def test_dropping_a_subject_is_found(name: str) -> None:
    key = copy.deepcopy(KEY)
    del key["subjects"][name]
    with pytest.raises(CasebackError, match=f"other subjects \\({name}"):
        unsealed(GAME, key)


def test_a_subject_put_in_and_a_field_put_in_are_found() -> None:
    key = copy.deepcopy(KEY)
    key["subjects"]["s04"] = key["subjects"]["s01"]
    with pytest.raises(CasebackError, match="s04"):
        unsealed(GAME, key)
    for path in (("more",), ("subjects", "s01", "more"), ("subjects", "s01", "label", "more"), ("draw", "more")):
        with pytest.raises(CasebackError):
            unsealed(GAME, edited(KEY, path, 1))


def test_the_key_of_another_game_is_refused() -> None:
    _, other = made()
    with pytest.raises(CasebackError, match="not this game's"):
        unsealed(GAME, other)


def test_nothing_of_the_labels_is_in_the_game_and_equal_labels_have_unequal_seals() -> None:
    text = json.dumps(GAME)
    told = text.replace('"tokens"', "")  # of the budget
    assert not any(
        word in told for word in ("sycophancy", "documents", "innocent", "trigger", "token", "twins", "seed")
    )
    same, _ = sealed(GIVEN, {"a": LABELS["s01"], "b": LABELS["s01"]}, {"a": "x", "b": "x"}, {})
    assert same["subjects"]["a"]["seal"] != same["subjects"]["b"]["seal"]
    hidden, _ = made("address")
    assert {entry["digest"] for entry in hidden["subjects"].values()} == {""}, "an address tells no digest of weights"
