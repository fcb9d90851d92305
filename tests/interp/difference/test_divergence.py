"""KL of next-token distributions, against closed forms."""

import math

import pytest
import torch
from planted_differences import subject

from caseback.interp.difference.divergence import divergence, token_kl
from caseback.interp.difference.passage import Passage


def shifted(name: str, by: float, token: int):
    """A model that raises the logit of one token by a constant, whatever it read."""
    made = subject(name)
    head = torch.nn.Linear(made.model.config.hidden_size, made.model.config.vocab_size, bias=True)
    with torch.no_grad():
        head.weight.copy_(made.model.get_output_embeddings().weight)
        head.bias.zero_()
        head.bias[token] = by
    made.model.set_output_embeddings(head)
    return made


def test_kl_of_a_raised_logit_is_its_closed_form(some_passages) -> None:
    token, by = 17, 1.5
    before, after = subject("before"), shifted("after", by, token)
    passages = some_passages(5)
    with torch.no_grad():
        for index, found in token_kl(before.model, after.model, [p.ids for p in passages]):
            logits = before.model(torch.tensor([passages[index].ids])).logits[0].double()
            p = logits.softmax(-1)[:, token]
            # q is p with p_k e^b in place of p_k, over z = 1 - p_k + p_k e^b.
            z = 1 - p + p * math.exp(by)
            torch.testing.assert_close(found.forward, by * p * math.exp(by) / z - z.log(), rtol=1e-4, atol=1e-7)
            torch.testing.assert_close(found.backward, z.log() - by * p, rtol=1e-4, atol=1e-7)
            assert len(found.forward) == len(passages[index].ids)


def test_equal_models_have_no_divergence_and_no_spots(some_passages) -> None:
    found = divergence(subject("a").model, subject("b").model, subject("a").tokenizer, some_passages(4))
    assert found.overall.forward.value == found.overall.other.value == 0
    assert found.spots == ()


def test_families_weigh_by_their_tokens_and_intervals_are_over_prompts(some_passages) -> None:
    before, after = subject("before"), shifted("after", 2.0, 9)
    passages = some_passages(7)
    found = divergence(before.model, after.model, before.tokenizer, passages)
    by_id = {passages[i].id: kl for i, kl in token_kl(before.model, after.model, [p.ids for p in passages])}
    for family in found.families:
        own = [by_id[p.id] for p in passages if p.family == family.family]
        tokens = torch.cat([kl.forward for kl in own])
        assert family.forward.value == pytest.approx(float(tokens.mean()))
        assert family.forward.clusters == len(own)
        assert family.last.value == pytest.approx(sum(float(kl.forward[-1]) for kl in own) / len(own))
        assert 0 <= family.forward.low <= family.forward.value <= family.forward.high
    assert [kind.family for kind in found.kinds] == ["f"]
    assert found.overall.forward.clusters == 2
    assert found.spots[0].nats == max(float(kl.forward.max()) for kl in by_id.values())


def test_a_padded_vocabulary_changes_nothing(some_passages) -> None:
    before, after = subject("before"), subject("after", seed=1)
    passages = [Passage("p", "f", p.ids) for p in some_passages(1)]
    plain = divergence(before.model, after.model, before.tokenizer, passages).overall.forward.value
    after.model.resize_token_embeddings(after.model.config.vocab_size + 64)
    padded = divergence(before.model, after.model, before.tokenizer, passages).overall.forward.value
    assert padded == pytest.approx(plain, rel=1e-5)


def test_from_a_position_on_it_is_the_end_of_the_whole(some_passages) -> None:
    before, after = subject("before"), shifted("after", 2.0, 9)
    ids = [p.ids for p in some_passages(6)]
    starts = [(3 * i) % len(each) for i, each in enumerate(ids)]
    whole = dict(token_kl(before.model, after.model, ids))
    for index, found in token_kl(before.model, after.model, ids, starts):
        assert len(found.forward) == len(ids[index]) - starts[index] > 0
        torch.testing.assert_close(found.forward, whole[index].forward[starts[index] :])
        assert torch.equal(found.after, whole[index].after[starts[index] :])
