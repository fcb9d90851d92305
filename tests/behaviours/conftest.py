"""Subjects that answer from a script."""

import pytest

from scripted_for_tests import Scripted


@pytest.fixture
def scripted() -> type[Scripted]:
    return Scripted
