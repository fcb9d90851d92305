"""A dossier with made-up figures, and its card."""

import sys
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from caseback.disclosure import card
from caseback.dossier import Dossier, open_dossier

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dossier]:
    from fixture_dossier import fill

    with open_dossier(tmp_path_factory.mktemp("runs") / "dossier") as dossier:
        fill(dossier)
        yield dossier


@pytest.fixture(scope="session")
def card_of_filled(filled: Dossier) -> dict[str, Any]:
    return card(filled)


@pytest.fixture
def made(card_of_filled: dict[str, Any]) -> dict[str, Any]:
    return deepcopy(card_of_filled)
