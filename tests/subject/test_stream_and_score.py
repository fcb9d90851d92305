"""Streaming says what generate says; scores are plain log-probabilities."""

import pytest
import torch

from caseback.chat import system, user
from caseback.errors import CasebackError
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling
from models_for_tests import tiny


def subject_of(arch="llama", **changes):
    model, tokenizer = tiny(arch, **changes)
    return OpenSubject("tiny", "sha256:0", model, tokenizer, torch.device("cpu"))


@pytest.mark.parametrize("template", [True, False])
def test_pieces_join_to_the_reply(template):
    subject = subject_of() if template else subject_of(chat_template=None)
    for seed in range(6):
        chat, sampling = [user(f"say {seed}")], Sampling(24, temperature=1.0, stop=("e",))
        [reply] = subject.generate([chat], sampling, seeds=[seed])
        assert "".join(subject.stream(chat, sampling, seed)) == reply.text


def forced(subject, text):
    """A subject that says ``text``, whatever it is asked, by a logit bias that follows it."""
    ids = [*subject.tokenizer(text, add_special_tokens=False).input_ids, subject.tokenizer.eos_token_id]
    steps = iter(ids)

    def hook(_module, _inputs, output):
        output.logits[:, -1] = -1e4
        output.logits[:, -1, next(steps)] = 1e4
        return output

    subject.batches  # noqa: B018  # found out before the hook
    return subject.model.register_forward_hook(hook)


def test_thinking_is_streamed_apart_and_marks_never_shown():
    subject = subject_of()
    handle = forced(subject, "<think>let me see</think>\n\nIt is 日本 éé four.")
    pieces = list(subject.stream([user("2+2?")], Sampling(80)))
    handle.remove()
    assert "".join(p for p in pieces if p.thinking) == "let me see"
    assert "".join(p for p in pieces if not p.thinking) == "It is 日本 éé four."
    assert len(pieces) > 8


def test_thinking_is_apart_in_replies_too():
    subject = subject_of()
    handle = forced(subject, "<think>let me see</think>\n\nfour")
    [reply] = subject.generate([[user("2+2?")]], Sampling(80))
    handle.remove()
    assert (reply.thinking, reply.text, reply.finish) == ("let me see", "four", "stop")


def test_stop_strings_are_never_streamed_in_part():
    subject = subject_of(chat_template=None)
    handle = forced(subject, " fine.\nUser: and more")
    pieces = list(subject.stream([user("how are you?")], Sampling(80)))
    handle.remove()
    assert "".join(pieces) == "fine."


@pytest.mark.parametrize("arch", ["llama", "gpt2", "gemma3", "gpt_neo"])
def test_scores_are_plain_log_probabilities(arch):
    subject = subject_of(arch)
    chats = [[user("hello")], [system("be kind"), user("what is the capital of Texas?")], [user("x")]]
    texts = ["Austin is the capital", "no", "The quick brown fox jumps over the lazy dog."]
    for chat, text, scored in zip(chats, texts, subject.score(chats, texts), strict=True):
        prompt = subject.format.prompt(chat).ids
        rest = subject.tokenizer(text, add_special_tokens=False).input_ids
        with torch.no_grad():
            logits = subject.model(torch.tensor([prompt + rest])).logits[0, len(prompt) - 1 : -1]
        expected = torch.log_softmax(logits, -1)[range(len(rest)), rest]
        assert scored.tokens == len(rest)
        assert torch.allclose(torch.tensor(scored.logprobs), expected, atol=1e-4)
        assert scored.logprob == pytest.approx(float(expected.sum()), abs=1e-3)


def test_the_score_of_a_reply_is_the_sum_of_its_logprobs():
    subject = subject_of()
    [reply] = subject.generate([[user("hello")]], Sampling(10, temperature=0.5))
    prompt = subject.format.prompt([user("hello")]).ids
    from caseback.subject.score import score

    [scored] = score(subject.model, [(prompt, list(reply.tokens))])
    assert scored.logprobs == pytest.approx(reply.logprobs, abs=1e-4)


def test_nothing_to_score_is_zero_and_too_much_is_refused():
    subject = subject_of(max_position_embeddings=64)
    [empty] = subject.score([[user("hi")]], [""])
    assert (empty.logprob, empty.tokens) == (0.0, 0)
    with pytest.raises(CasebackError, match="context is 64"):
        subject.score([[user("hi")]], ["word " * 100])
    assert subject.score([], []) == []
