"""Mean differences and parts that moved, against constants that were planted and against dense arithmetic."""

import json
import math

import pytest
import torch
from planted_differences import PLANTED, change, subject

from caseback.disclosure.difference_page import render_difference
from caseback.errors import CasebackError
from caseback.interp.difference.activations import SiteTally, cosine
from caseback.interp.difference.agreement import agreements, overlap
from caseback.interp.difference.compare import compare
from caseback.interp.difference.in_step import _chunks, in_step
from caseback.interp.difference.parts import PartsMoved
from caseback.interp.difference.readout import readout
from caseback.interp.difference.record import difference_data
from caseback.subject.capture import capture
from caseback.subject.edits import Add
from caseback.subject.intervene import intervene
from caseback.subject.site import Site


def test_a_constant_is_found_whole_and_noise_is_not() -> None:
    generator = torch.Generator().manual_seed(0)
    planted = torch.zeros(16)
    planted[3] = 5.0
    constant, noise = SiteTally("a"), SiteTally("b")
    for i in range(40):
        before = torch.randn(20, 16, generator=generator)
        constant.add(str(i), before, before + planted)
        noise.add(str(i), before, before + torch.randn(20, 16, generator=generator))
    found, chance = constant.difference, noise.difference
    torch.testing.assert_close(found.mean, planted)
    assert (found.constant, found.halves) == pytest.approx((1.0, 1.0))
    assert found.n == 40 * 19
    assert found.relative.value == pytest.approx(5.0 / found.norm)
    assert chance.constant < 5 * chance.by_chance
    assert abs(chance.halves) < 0.7


def test_positions_are_told_apart() -> None:
    tally = SiteTally("a")
    for i in range(3):
        before = torch.ones(12, 4)
        after = before.clone()
        after[2] += 1.0
        tally.add(str(i), before, after)
    found = {at.position: at for at in tally.difference.positions}
    assert list(found) == [*map(str, range(8)), "later", "last"]
    assert (found["2"].relative, found["2"].mean) == pytest.approx((1.0, 1.0))
    assert sum(at.relative for name, at in found.items() if name != "2") == 0
    assert (found["later"].n, found["last"].n) == (12, 3)


def test_in_step_gives_what_each_model_gives_alone(pair, some_passages) -> None:
    before, after = pair
    passages = some_passages(6)
    sites = [Site("resid_post", 3), Site("heads", 2), Site("neurons", 1)]
    ids = [p.ids for p in passages]
    alone = [list(capture(model.model, ids, sites)) for model in pair]
    for i, found in enumerate(in_step(before.model, after.model, passages, sites)):
        for site in sites:
            torch.testing.assert_close(found.before[site], alone[0][i].at[site], rtol=1e-4, atol=1e-5)
            torch.testing.assert_close(found.after[site], alone[1][i].at[site], rtol=1e-4, atol=1e-5)


def test_chunks_hold_no_more_than_they_may(some_passages) -> None:
    passages = some_passages(9)
    chunks = list(_chunks(passages, 25, last=False))
    assert [p for chunk in chunks for p in chunk] == passages
    assert all(sum(len(p.ids) for p in chunk) <= 25 for chunk in chunks)
    assert [len(chunk) for chunk in _chunks(passages, 4, last=True)] == [4, 4, 1]


def test_what_is_planted_in_one_block_shows_from_there_on_and_in_its_parts(pair, some_passages) -> None:
    found = compare("after", *pair, some_passages(), some_passages(family="g"))
    assert [site.relative.value > 0 for site in found.sites] == [False, False, True, True]
    heads, neurons = found.parts
    # The change stands in the MLP's way out, so that heads and neurons of blocks up to it are as they were.
    assert all(not change[layer].any() for change in (heads.change, neurons.change) for layer in (0, 1, 2))
    assert {each.layer for each in heads.most[:4]} == {3}
    assert neurons.units == 4 * 64
    assert found.weights[0].name == PLANTED
    assert found.divergence.overall.forward.value > 0


def test_heads_that_a_change_of_their_values_moves_are_the_ones_found(some_passages) -> None:
    before, after = subject("before", "gpt2"), subject("after", "gpt2")
    with torch.no_grad():  # the values of head 1 of block 0: columns 64 + 8 to 64 + 16 of the joint projection
        after.model.transformer.h[0].attn.c_attn.weight[:, 72:80] *= 3.0
    heads = compare("after", before, after, some_passages(), some_passages()).parts[0]
    assert (heads.most[0].layer, heads.most[0].unit) == (0, 1)
    assert heads.change[0][1] == pytest.approx(2.0, rel=1e-3)
    assert not heads.change[0][[0, 2, 3]].any()


def test_relative_change_is_that_of_dense_arithmetic(pair, some_passages) -> None:
    before, after = pair
    passages = some_passages()
    neurons = compare("after", before, after, passages, passages).parts[1]
    site = Site("neurons", 3)
    old, new = (
        torch.cat([c.at[site] for c in capture(model.model, [p.ids for p in passages], [site])]).double()
        for model in pair
    )
    expected = (new - old).square().sum(0).sqrt() / old.square().sum(0).mean().sqrt()
    torch.testing.assert_close(neurons.change[3].double(), expected, rtol=1e-4, atol=1e-5)


def test_the_readout_is_the_change_of_the_models_own_logits(pair, some_passages) -> None:
    model, tokenizer = pair[0].model, pair[0].tokenizer
    site = Site("resid_post", 3)
    head = model.get_output_embeddings().weight.detach()
    vector = head[42] / head[42].norm() * 40
    passage = [list(some_passages(1)[0].ids)]
    start = next(capture(model, passage, [site], positions="last")).at[site][0]
    found = readout(model, tokenizer, str(site), start, vector)
    with torch.no_grad():
        plain = model(torch.tensor(passage)).logits[0, -1]
        with intervene(model, [Add(site, vector)]):
            steered = model(torch.tensor(passage)).logits[0, -1]
    change = (steered - plain)[: len(tokenizer)]
    assert found.raised[0].token == int(change.argmax())
    assert found.lowered[0].token == int(change.argmin())
    assert found.raised[0].logit == pytest.approx(float(change.max()), rel=1e-3)


def test_a_random_direction_reads_out_nothing_sharp(pair) -> None:
    model, tokenizer = pair[0].model, pair[0].tokenizer
    generator = torch.Generator().manual_seed(5)
    ps = [readout(model, tokenizer, "s", torch.randn(32, generator=generator),
                  torch.randn(32, generator=generator), seed=1000 + i).p for i in range(20)]  # fmt: skip
    assert sum(p <= 0.1 for p in ps) <= 7  # 2 expected; 8 or more has a chance below 0.001
    assert max(ps) > 0.5


def test_one_training_from_two_seeds_agrees_and_a_random_change_does_not(some_passages) -> None:
    before = subject("before")
    others = {name: subject(name) for name in ("one", "two", "control")}
    generator = torch.Generator().manual_seed(3)
    left, right = (torch.randn(side, 1, generator=generator) for side in before.model.get_parameter(PLANTED).shape)
    for name, seed in (("one", 1), ("two", 2)):
        with torch.no_grad():
            others[name].model.get_parameter(PLANTED).add_(left @ right.T)
        change(others[name].model, PLANTED, 8, 0.3, seed)
    change(others["control"].model, PLANTED, 8, 10.0, 7)
    found = {name: compare(name, before, other, some_passages(), some_passages()) for name, other in others.items()}
    agree = {
        (a.first, a.second): a
        for a in agreements({n: c.sites for n, c in found.items()}, {n: c.parts for n, c in found.items()})
    }
    assert agree["one", "two"].cosines["resid_post.2"] > 0.9
    assert abs(agree["one", "control"].cosines["resid_post.2"]) < 0.7
    assert math.isnan(agree["one", "two"].cosines["resid_post.0"])


def test_overlap_counts_what_is_common_and_how_easily_by_chance() -> None:
    def moved(*order: int) -> PartsMoved:
        change = {0: torch.tensor([float(order.index(i)) for i in range(40)])}
        return PartsMoved("heads", change, (change, change), (), 0.0, {})

    same = overlap(moved(*range(40)), moved(*range(40)), 5)
    assert (same.common, same.expected) == (5, 25 / 40)
    assert same.p == pytest.approx(1 / math.comb(40, 5))
    other = overlap(moved(*range(40)), moved(*reversed(range(40))), 5)
    assert (other.common, other.p) == (0, 1.0)


def test_cosine_of_nothing_is_not_a_number() -> None:
    assert math.isnan(cosine(torch.zeros(3), torch.ones(3)))


def test_models_that_do_not_belong_together_and_activations_that_are_not_finite_are_refused(
    pair, some_passages
) -> None:
    before, after = pair
    other = subject("gpt2", "gpt2", seed=3)
    texts = some_passages()
    other.tokenizer.add_tokens(["another"])
    with pytest.raises(CasebackError, match="before and gpt2 have different tokenizers"):
        compare("after", before, other, texts, texts)
    with torch.no_grad():
        after.model.get_parameter(PLANTED)[0, 0] = float("nan")
    with pytest.raises(CasebackError, match=r"site resid_post\.2 of the second model is not finite on f/0"):
        compare("after", before, after, texts, texts)
    with pytest.raises(CasebackError, match="no text of two tokens"):
        compare("after", before, after, [], texts)


@pytest.mark.parametrize("arch", ["mixtral", "gemma3", "gpt2"])
def test_other_architectures_and_models_that_do_not_differ_get_a_page(arch: str, some_passages) -> None:
    before, same, other = subject("before", arch), subject("same", arch), subject("other", arch, seed=1)
    passages = some_passages(4)
    arms = [compare("after", before, same, passages, passages), compare("control", before, other, passages, passages)]
    found = agreements({a.name: a.sites for a in arms}, {a.name: a.parts for a in arms})
    data = json.loads(json.dumps(difference_data(arms, found, [], 0), allow_nan=False))
    assert all(site["mean_norm"] == 0 and site["halves"] is None for site in data["arms"][0]["sites"])
    assert all(change["ranks"] is None for change in data["arms"][0]["weights"])
    assert data["arms"][0]["readouts"][0]["p"] == 1.0
    assert data["arms"][1]["divergence"]["overall"]["forward"]["value"] > 0
    missing = data["arms"][1]["parts"][1]["missing"]
    assert (missing != {}) == (arch == "mixtral")
    assert "share no axis of neurons" in missing.get("0", "share no axis of neurons")
    assert "What did training change?" in render_difference(data)
