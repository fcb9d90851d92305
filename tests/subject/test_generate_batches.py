"""Batched generation against transformers one row at a time, over architectures, batch sizes and compositions."""

import inspect
import random
from collections import Counter
from functools import cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from caseback.chat import user
from caseback.errors import CasebackError
from caseback.subject.batchable import positions_depend_on_batch, takes_unequal_rows
from caseback.subject.draw import draw
from caseback.subject.generate import complete, make_row
from caseback.subject.generate_singly import complete_singly
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling
from models_for_tests import ARCHS, tiny

NEW = 16
GREEDY = Sampling(max_new_tokens=NEW)
DRAWN = Sampling(max_new_tokens=NEW, temperature=0.8, top_p=0.95)
END_IDS = frozenset(range(20, 400, 23))
"""Many tokens end a row, so that rows end at many lengths."""


def ends(tokens):
    return tokens[-1] in END_IDS


def varied(arch):
    """A tiny model whose text varies: gemma3 with tied embeddings repeats itself."""
    return tiny(arch, tie_word_embeddings=False)[0] if arch == "gemma3" else tiny(arch)[0]


def prompts_of(seed, count, longest=40):
    rng = random.Random(seed)
    return [[rng.randrange(6, 400) for _ in range(rng.randrange(1, longest))] for _ in range(count)]


def completed(model, prompts, sampling=GREEDY, seeds=None, max_rows=64, max_columns=10**6):
    seeds = range(len(prompts)) if seeds is None else seeds
    rows = [make_row(p, NEW, sampling, s) for p, s in zip(prompts, seeds, strict=True)]
    grown = sum(len(g) for g in complete(model, rows, sampling, ends, max_rows=max_rows, max_columns=max_columns))
    assert grown == sum(len(row.tokens) for row in rows)
    return rows


def plain(model, prompt):
    """What transformers writes for one prompt by itself."""
    made = model.generate(
        torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long), do_sample=False,
        max_new_tokens=NEW, eos_token_id=sorted(END_IDS), pad_token_id=0,
    )  # fmt: skip
    return made[0, len(prompt) :].tolist()


@pytest.mark.parametrize("arch", ARCHS)
def test_greedy_tokens_are_those_of_transformers_in_any_batch(arch):
    model = varied(arch)
    prompts = prompts_of(0, 9)
    expected = [plain(model, prompt) for prompt in prompts]
    assert len({len(tokens) for tokens in expected}) > 1
    assert takes_unequal_rows(model)
    for max_rows in (3, 64):
        assert [row.tokens for row in completed(model, prompts, max_rows=max_rows)] == expected


@cache
def drawn_alone(arch):
    """A model, prompts, and what it draws for each by itself."""
    model, prompts = varied(arch), prompts_of(1, 8)
    return model, prompts, [completed(model, [p], DRAWN, [i])[0].tokens for i, p in enumerate(prompts)]


@pytest.mark.parametrize("arch", ["llama", "gemma3", "gpt2"])
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_neither_neighbours_nor_order_nor_limits_change_a_row(arch, data):
    model, prompts, alone = drawn_alone(arch)
    chosen = data.draw(st.lists(st.integers(0, 7), min_size=2, max_size=12))
    max_rows, max_columns = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 600))
    rows = completed(model, [prompts[i] for i in chosen], DRAWN, chosen, max_rows, max_columns)
    assert [row.tokens for row in rows] == [alone[i] for i in chosen]


@pytest.mark.parametrize("arch", ["llama", "gpt2", "gemma3", "mixtral"])
def test_logprobs_are_those_of_a_plain_forward_pass(arch):
    model, _ = tiny(arch)
    for row in completed(model, prompts_of(2, 6), DRAWN):
        with torch.no_grad():
            logits = model(torch.tensor([row.prompt + row.tokens])).logits[0, len(row.prompt) - 1 : -1]
        expected = torch.log_softmax(logits, -1)[range(len(row.tokens)), row.tokens]
        assert torch.allclose(torch.tensor(row.logprobs), expected, atol=1e-4)


def test_positions_beyond_a_sliding_window_are_right():
    model, _ = tiny("mistral", sliding_window=5)
    prompts = prompts_of(3, 6, longest=60)
    assert [row.tokens for row in completed(model, prompts)] == [plain(model, p) for p in prompts]
    wide, _ = tiny("mistral", sliding_window=400)
    assert [row.tokens for row in completed(wide, prompts)] != [plain(model, p) for p in prompts]


def shared(seed, count, alike, longest=40):
    """Prompts that begin alike and go on differently, one of them with a single token."""
    rng = random.Random(seed)
    beginning = [rng.randrange(6, 400) for _ in range(alike)]
    return [beginning + rest for rest in (*prompts_of(seed + 1, count - 1, longest), [7])]


def fed(model, work):
    """What work() gives, and how many tokens, padding included, the model was given meanwhile."""
    counts, forward = [], model.forward
    model.forward = lambda *args, **kwargs: counts.append(kwargs["input_ids"].numel()) or forward(*args, **kwargs)
    model.forward.__signature__ = inspect.signature(forward)
    try:
        return work(), sum(counts)
    finally:
        del model.forward


@pytest.mark.parametrize("arch", ARCHS)
def test_what_all_prompts_begin_with_is_run_once_and_changes_nothing(arch):
    model = varied(arch)
    prompts = shared(6, 9, 50)
    expected = [plain(model, prompt) for prompt in prompts]
    rows, tokens = fed(model, lambda: completed(model, prompts, max_rows=4))
    assert [row.tokens for row in rows] == expected
    apart = [prompt[50:] for prompt in prompts]
    assert tokens < sum(map(len, apart)) + 50 + 2 * 9 * NEW + 150  # and not nine times fifty more


def test_long_replies_outgrow_their_memory_and_others_take_their_places():
    model, _ = tiny("llama")
    sampling, prompts = Sampling(max_new_tokens=200), shared(9, 12, 40)
    lengths = [20 + 15 * (i % 12) for i in range(12)]

    def by(max_rows):
        rows = [make_row(prompt, length, sampling, 0) for prompt, length in zip(prompts, lengths, strict=True)]
        for _ in complete(model, rows, sampling, lambda tokens: False, max_rows=max_rows, max_columns=10**6):
            pass
        return [row.tokens for row in rows]

    alone = by(1)
    assert [len(tokens) for tokens in alone] == lengths
    assert by(4) == by(12) == alone


@settings(max_examples=8, deadline=None)
@given(alike=st.integers(0, 60), count=st.integers(1, 7), longest=st.integers(2, 90), window=st.sampled_from([5, 400]))
def test_a_beginning_of_any_length_changes_nothing(alike, count, longest, window):
    model, _ = tiny("mistral", sliding_window=window)
    prompts = shared(alike, count, alike, longest)
    assert [row.tokens for row in completed(model, prompts)] == [plain(model, prompt) for prompt in prompts]


def test_where_something_listens_every_prompt_is_run_whole():
    model, _ = tiny("llama")
    prompts, starts = shared(8, 5, 60), []
    handle = model.model.layers[0].register_forward_hook(
        lambda _module, args, kwargs, _out: starts.extend(
            kwargs["position_ids"][:, 0].tolist() * (args[0].shape[1] > 1)
        ),
        with_kwargs=True,
    )
    completed(model, prompts)
    handle.remove()
    assert starts == [0] * 5


def test_cache_is_bounded():
    model, _ = tiny("llama")
    prompts = prompts_of(4, 12)
    widest = []
    handle = model.model.layers[0].register_forward_hook(
        lambda _module, args, _kwargs, _out: widest.append(len(args[0])), with_kwargs=True
    )
    rows = completed(model, prompts, max_columns=3 * (40 + NEW + 64))
    handle.remove()
    assert max(widest) <= 4
    assert [row.tokens for row in rows] == [row.tokens for row in completed(model, prompts)]


def test_finished_rows_leave_the_batch():
    model, _ = tiny("llama")
    prompts = prompts_of(5, 32, longest=120)
    computed = []
    handle = model.model.layers[0].register_forward_hook(
        lambda _module, args, _kwargs, _out: computed.append(args[0].shape[:2].numel()), with_kwargs=True
    )
    rows = completed(model, prompts)
    handle.remove()
    needed = sum(len(row.prompt) + len(row.tokens) - 1 for row in rows)
    assert sum(computed) < 1.35 * needed


@pytest.mark.parametrize("arch", ["llama", "gpt2", "gemma3"])
def test_single_rows_by_the_models_own_state_give_the_same(arch):
    model, _ = tiny(arch)
    prompts = prompts_of(6, 4)
    rows = [make_row(p, NEW, DRAWN, i) for i, p in enumerate(prompts)]
    for _ in complete_singly(model, rows, DRAWN, ends):
        pass
    assert [row.tokens for row in rows] == [row.tokens for row in completed(model, prompts, DRAWN)]


def test_a_recurrent_model_is_generated_row_by_row_and_right():
    from transformers import MambaConfig, MambaForCausalLM

    from models_for_tests import tiny_tokenizer

    torch.manual_seed(0)
    config = MambaConfig(vocab_size=400, hidden_size=32, num_hidden_layers=2, state_size=4, initializer_range=0.3)
    model = MambaForCausalLM(config).eval()
    assert not takes_unequal_rows(model)
    subject = OpenSubject("mamba", "", model, tiny_tokenizer(), torch.device("cpu"))
    chats = [[user("hello there")], [user("a much longer message than the other one")]]
    for chat, reply in zip(chats, subject.generate(chats, Sampling(12)), strict=True):
        ids = list(subject.format.prompt(chat).ids)
        for token in reply.tokens:
            assert token == int(model(torch.tensor([ids]), use_cache=False).logits[0, -1].argmax())
            ids.append(token)


def test_rotary_scaling_by_the_longest_row_is_noticed():
    model, _ = tiny("llama")
    assert not positions_depend_on_batch(model, 10_000)
    model, _ = tiny("llama", rope_parameters={"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10000.0})
    assert positions_depend_on_batch(model, 10_000)
    assert not positions_depend_on_batch(model, 100)


def test_draws_follow_the_distribution():
    logits = torch.tensor([[2.0, 1.0, 0.0, -1.0, -9.0]])
    count = 4000
    uniforms = torch.rand(count, generator=torch.Generator().manual_seed(0))
    drawn = draw(logits.expand(count, -1), 0.7, 1.0, uniforms)
    counts = Counter(drawn.tokens.tolist())
    expected = torch.softmax(logits[0] / 0.7, -1)[:4] * count
    assert chisquare([counts[i] for i in range(4)], (expected / expected.sum() * count).tolist()).pvalue > 1e-4
    assert torch.allclose(drawn.logprobs, torch.log_softmax(logits[0], -1)[drawn.tokens])


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=12), st.floats(0.05, 1.0), st.floats(0, 0.999999))
def test_top_p_keeps_the_smallest_set_of_most_probable_tokens(values, top_p, uniform):
    logits = torch.tensor([values])
    token = int(draw(logits, 1.0, top_p, torch.tensor([uniform])).tokens)
    probabilities = torch.softmax(logits[0], -1)
    more_probable = probabilities[probabilities > probabilities[token]].sum()
    assert float(more_probable) < top_p + 1e-5


def test_close_choices_are_marked():
    logits = torch.tensor([[1.0, 1.0 + 1e-6, 0.0], [1.0, 2.0, 0.0]])
    assert draw(logits, 0, 1, torch.zeros(2)).close.tolist() == [True, False]
    even = torch.zeros(2, 2)
    assert draw(even, 1.0, 1.0, torch.tensor([0.4999999, 0.3])).close.tolist() == [True, False]


@pytest.mark.parametrize("arch", ["gpt2", "gpt_neo", "llama"])
def test_rows_that_fill_the_context_do_not_push_others_out_of_it(arch):
    limits = {"gpt2": "n_positions"}
    model, _ = tiny(arch, **{limits.get(arch, "max_position_embeddings"): 48})
    prompts = [*prompts_of(8, 1, 2), *([5 + i] * (30 + i % 17) for i in range(16))]
    rows = [make_row(p, 48 - len(p), GREEDY, 0) for p in prompts]
    for _ in complete(model, rows, GREEDY, lambda tokens: False, max_rows=64, max_columns=10**6):
        pass
    assert all(row.length == 48 and row.finish == "length" for row in rows)
    for row in rows[:3]:
        with torch.no_grad():
            logits = model(torch.tensor([row.prompt + row.tokens])).logits[0, len(row.prompt) - 1 : -1]
        assert logits.argmax(-1).tolist() == row.tokens


def test_logits_that_are_not_numbers_are_an_error():
    model, _ = tiny("llama")
    with torch.no_grad():
        model.lm_head.weight[7] = float("nan")
    for sampling in (GREEDY, DRAWN):
        with pytest.raises(CasebackError, match="not finite"):
            completed(model, prompts_of(9, 3), sampling)


def subject_of(arch="llama", **changes):
    model, tokenizer = tiny(arch, **changes)
    return OpenSubject("tiny", "sha256:0", model, tokenizer, torch.device("cpu"))


def test_replies_end_at_stop_strings_and_leave_them_out():
    subject = subject_of()
    chats = [[user(f"say {i}")] for i in range(12)]
    free = [reply.text for reply in subject.generate(chats, Sampling(40, temperature=1.0))]
    stop = next(text[5:7] for text in free if len(text) > 9 and "�" not in text[5:7] and text[5:7].strip())
    cut_any = False
    for text, reply in zip(free, subject.generate(chats, Sampling(40, temperature=1.0, stop=(stop,))), strict=True):
        assert stop not in reply.text
        if stop in text:
            cut_any = True
            assert reply.finish == "stop"
            assert reply.text == text.split(stop)[0].rstrip()
            assert len(reply.tokens) < 40
        else:
            assert reply.text == text
    assert cut_any


def test_one_text_per_seed_and_progress_counts_up():
    subject = subject_of()
    chats = [[user("hello")]] * 6
    seen = []
    sampling = Sampling(12, temperature=1.0)
    replies = subject.generate(chats, sampling, seeds=[1, 2, 3, 1, 2, 3], progress=lambda *at: seen.append(at))
    assert [r.text for r in replies[:3]] == [r.text for r in replies[3:]]
    assert len({r.text for r in replies}) == 3
    assert seen[-1] == (6, 6)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_a_prompt_that_fills_the_context_gets_an_error_and_spares_the_others():
    subject = subject_of(max_position_embeddings=64)
    short, long = subject.generate([[user("hi")], [user("hello " * 200)]], Sampling(200))
    assert long.finish == "error"
    assert "context of 64" in long.error
    assert short.finish in ("stop", "length")
    assert short.prompt_tokens + len(short.tokens) <= 64


def test_same_replies_in_bfloat16_most_of_the_time():
    model, _ = tiny("llama", torch.bfloat16)
    prompts = prompts_of(7, 16)
    alone = [completed(model, [p])[0].tokens for p in prompts]
    together = [row.tokens for row in completed(model, prompts)]
    assert all(0 < len(tokens) <= NEW for tokens in together)
    assert sum(a == b for a, b in zip(alone, together, strict=True)) >= 4


@pytest.mark.parametrize(
    ("sampling", "named"),
    [
        (Sampling(0), "max_new_tokens"),
        (Sampling(temperature=-1), "temperature"),
        (Sampling(temperature=float("nan")), "temperature"),
        (Sampling(top_p=0), "top_p"),
        (Sampling(stop=("",)), "stop"),
    ],
)
def test_sampling_that_cannot_be_drawn_from_is_refused(sampling, named):
    with pytest.raises(CasebackError, match=named):
        subject_of().generate([[user("hi")]], sampling)


def test_no_chats_give_no_replies():
    assert subject_of().generate([]) == []
    with pytest.raises(CasebackError, match="2 seeds for 1 chats"):
        subject_of().generate([[user("hi")]], seeds=[1, 2])
