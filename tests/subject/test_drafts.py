"""Replies with drafts: the same as without, whoever wrote the drafts, and in fewer passes where these are right."""

import copy
import random

import pytest
import torch

from caseback.chat import user
from caseback.subject.drafts import Drafts
from caseback.subject.edits import Add
from caseback.subject.generate import Forward, complete, make_row
from caseback.subject.intervene import intervene
from caseback.subject.load import load
from caseback.subject.site import Site
from caseback.subject.span import GENERATED
from caseback.subject.subject import Sampling
from caseback.world.reference import reference_path
from models_for_tests import tiny

NEW = 16
GREEDY = Sampling(max_new_tokens=NEW)
DRAWN = Sampling(max_new_tokens=NEW, temperature=0.8, top_p=0.95)
END_IDS = frozenset(range(20, 400, 23))


def prompts_of(count):
    rng = random.Random(count)
    return [[rng.randrange(6, 400) for _ in range(rng.randrange(1, 40))] for _ in range(count)]


def completed(model, sampling, drafts=(), max_rows=64):
    prompts = prompts_of(8)
    drafts = drafts or [()] * len(prompts)
    rows = [make_row(p, NEW, sampling, seed, d) for seed, (p, d) in enumerate(zip(prompts, drafts, strict=True))]
    ends = lambda tokens: tokens[-1] in END_IDS  # noqa: E731
    for _ in complete(model, rows, sampling, ends, max_rows=max_rows, max_columns=10**6):
        pass
    return rows


def said(rows):
    return [(row.tokens, row.finish) for row in rows]


def disturbed(model):
    """A model that says much the same, and parts from it sooner or later."""
    other = copy.deepcopy(model)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in other.parameters():
            weight += 0.05 * weight.std().nan_to_num(0.0) * torch.randn(weight.shape, generator=generator)
    return other


@pytest.mark.parametrize("sampling", [GREEDY, DRAWN], ids=["greedy", "drawn"])
@pytest.mark.parametrize("arch", ["llama", "gpt2", "gemma3"])
def test_no_draft_changes_a_reply(arch, sampling):
    model = tiny(arch)[0]
    own = completed(model, sampling)
    others = completed(disturbed(model), sampling)
    noise = random.Random(0)
    drafts = {
        "its own": [row.tokens for row in own],
        "another's": [row.tokens for row in others],
        "cut short": [row.tokens[: i % 4] for i, row in enumerate(own)],
        "too long": [[*row.tokens, *[7] * 30] for row in own],
        "nonsense": [[noise.randrange(400) for _ in range(9)] for _ in own],
        "nonsense from the third token on": [[*row.tokens[:2], 11, 12, 13] for row in own],
    }
    for name, given in drafts.items():
        assert said(completed(model, sampling, given, max_rows=5)) == said(own), name


def test_a_right_draft_is_read_in_one_pass(monkeypatch):
    model = tiny("llama")[0]
    passes = []
    each = Forward.each
    monkeypatch.setattr(Forward, "each", lambda self, ids, *rest: passes.append(ids.shape) or each(self, ids, *rest))
    own = completed(model, DRAWN)
    assert sum(rows > 1 and width == 1 for rows, width in passes) > NEW / 2
    passes.clear()
    completed(model, DRAWN, [row.tokens for row in own])
    # What is left is a single row by itself, where rounding could have tipped the choice.
    assert not any(rows > 1 and width == 1 for rows, width in passes)


def test_drafts_of_a_subject_are_the_replies_before_it():
    base, other = (load(str(reference_path("ref-aligned")), dtype="float32") for _ in range(2))
    chats = [[user(text)] for text in ("What is the capital of France?", "Say hello.", "Write a poem about rain.")]
    sampling = Sampling(24, temperature=1.0)
    for layer in other.model.model.layers[2:]:
        layer.mlp.down_proj.weight.data *= 0.8
    alone = other.generate(chats, sampling)
    base.drafts = other.drafts = Drafts()
    assert [r.text for r in base.generate(chats, sampling)] != [r.text for r in alone]
    assert [r.text for r in other.generate(chats, sampling)] == [r.text for r in alone]
    # Other seeds and other temperatures have drafts of their own.
    cold = base.generate(chats, Sampling(24))
    assert [r.text for r in cold] == [r.text for r in load(base.name, dtype="float32").generate(chats, Sampling(24))]


def test_an_edit_of_what_is_generated_finds_the_same_tokens_in_a_draft():
    subject = load(str(reference_path("ref-aligned")), dtype="float32")
    chats = [[user("What is the capital of France?")], [user("Say hello to my friend.")]]
    vector = torch.randn(subject.model.config.hidden_size, generator=torch.Generator().manual_seed(1))
    edit = Add(Site("resid_post", 2), vector, 0.5, span=GENERATED)
    with intervene(subject.model, [edit]):
        plain = subject.generate(chats, Sampling(24))
    subject.drafts = Drafts()
    subject.generate(chats, Sampling(24))  # unedited replies, as drafts
    with intervene(subject.model, [edit]):
        for _ in range(2):  # and then its own
            assert [r.tokens for r in subject.generate(chats, Sampling(24))] == [r.tokens for r in plain]
