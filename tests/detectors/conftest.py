"""A tiny subject for the detectors that read activations."""

import pytest

from caseback.subject.open_subject import OpenSubject
from interp.directions.subjects import tiny_subject


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> OpenSubject:
    return tiny_subject(tmp_path_factory.mktemp("subject"))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> OpenSubject:
    return tiny_subject(tmp_path_factory.mktemp("other"), seed=1)
