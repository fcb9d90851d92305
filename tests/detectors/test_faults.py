"""Which reasons for having no say are a detector's own fault, or that of who runs it."""

import pytest

from caseback.detectors.faults import FAULTS, at_fault


@pytest.mark.parametrize(
    "why",
    [
        *FAULTS,
        "the reading failed: RuntimeError: no room",
        "the activations that it reads are not finite",
        "activations at resid_post.3 are not finite",
        "the detectors could not be asked: KeyError: 3",
        "no thread was free: the detectors before it hang or are slow",
        "it took more than 50 ms",
        "the judge gave no answer: status 500",
        "uncalibrated for this judge: it is calibrated with a (sha256:aa…), and this is b (sha256:bb…)",
        "the worker's states cannot be read: ValueError: x",
    ],
)
def test_its_own_fault(why: str) -> None:
    assert at_fault(why)


@pytest.mark.parametrize(
    "why", ["no reply to read", "4000 tokens are longer than the context of 2048", "", "no tokens"]
)
def test_the_exchanges_own(why: str) -> None:
    assert not at_fault(why)
