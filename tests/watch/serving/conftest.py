"""The reference model, which is small and says sensible things."""

import pytest

from caseback.cli.models import load_named
from caseback.subject.open_subject import OpenSubject


@pytest.fixture(scope="session")
def subject() -> OpenSubject:
    return load_named("ref-aligned")
