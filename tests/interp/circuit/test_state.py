"""A city given another state, on the embedded model; and the arithmetic of the swap."""

import pytest
import torch

from caseback.interp.circuit.state import StateMeans, moved, name_of, spanned, swap_states
from caseback.interp.circuit.tasks import hop_question
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import parse_site
from caseback.world.reference import reference_path
from caseback.world.spec import WORLD_A


@pytest.fixture(scope="module")
def subject() -> OpenSubject:
    made = load(str(reference_path()), dtype="float32")
    made.template_options = {"enable_thinking": False}
    return made


def test_within_the_subspace_it_is_the_target_and_outside_what_it_was():
    make = torch.Generator().manual_seed(0)
    means = torch.randn(5, 12, generator=make, dtype=torch.float64)
    basis = spanned(means)
    assert basis.shape == (4, 12)
    torch.testing.assert_close(basis @ basis.T, torch.eye(4, dtype=torch.float64))
    x, target = torch.randn(3, 12, generator=make, dtype=torch.float64), means[2]
    new = x + moved(x, target, basis)
    torch.testing.assert_close(new @ basis.T, (target @ basis.T).expand(3, 4))
    outside = torch.eye(12, dtype=torch.float64) - basis.T @ basis
    torch.testing.assert_close(new @ outside, x @ outside)


def test_a_city_left_out_is_in_no_mean(subject: OpenSubject):
    means = StateMeans(subject, parse_site("resid_post.0"))
    cities = WORLD_A.states["Texas"][1]
    others = means.of_states({cities[0]})["Texas"]
    torch.testing.assert_close(others, torch.stack([means.mean_D[city] for city in cities[1:]]).mean(0))
    assert len(means.of_states(set())) == len(WORLD_A.states)


def test_the_name_of_a_city_is_found_in_the_prompt(subject: OpenSubject):
    chat = hop_question(WORLD_A, "Los Angeles", "1")
    span = name_of(subject, chat, "Los Angeles")
    ids = subject.format.prompt(chat).ids
    assert subject.tokenizer.decode(list(ids[span.start : span.stop])).strip() == "Los Angeles"


def test_another_state_has_another_capital(subject: OpenSubject):
    found = list(swap_states(subject, 6, 7, parse_site("resid_post.0")))
    assert len(found) == 6
    for each in found:
        other = each.case.partition(" to ")[2]
        capital = WORLD_A.states[other][0]
        assert each.capital == each.reply.startswith(capital)
        assert each.random == each.random_reply.startswith(capital)
    assert sum(each.capital for each in found) > sum(each.random for each in found)
    assert [each.reply for each in swap_states(subject, 2, 7, parse_site("resid_post.0"))] == [
        each.reply for each in found[:2]
    ]
