"""What is read in the forward pass is what the detectors themselves say of the transcript afterwards."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from caseback.detectors.alone import alone
from caseback.detectors.cascade import CascadeDetector
from caseback.detectors.ensemble import EnsembleDetector
from caseback.detectors.known import Calibration, Known
from caseback.detectors.pattern import PatternDetector
from caseback.interp.dictionary.dictionary import Dictionary, encode
from caseback.interp.direction import pooled
from caseback.interp.part import Pool
from caseback.stats.auroc import Auroc
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site
from caseback.subject.subject import Sampling
from caseback.watch.serving.embedded import serve
from caseback.watch.serving.plan import plan_for
from caseback.watch.serving.pool import Growing
from caseback.watch.serving.reading import Reading, finished
from watch.serving.served import (
    QUESTIONS,
    all_asked,
    chat,
    content,
    dictionary,
    direction,
    events,
    latents,
    transcript,
    watching,
)

MIDDLE, LATE = Site("resid_post", 2), Site("resid_pre", 5)
POOLS: tuple[Pool, ...] = ("last", "mean", "max", "rolling")
CLOSE = {"rel": 1e-3, "abs": 1e-3}


@pytest.fixture(scope="module", name="subject")
def without_thinking(subject: OpenSubject) -> OpenSubject:
    """Offline, a reply is read behind its prompt alone; one that was thought about is read behind the thinking."""
    return replace(subject, template_options={"enable_thinking": False})


def detectors(subject: OpenSubject) -> list[Any]:
    """Every kind, pool and part; several sites, of several widths; dictionaries of every rule."""
    sites = (MIDDLE, LATE, Site("neurons", 3), Site("attn_out", 1), Site("heads", 4), Site("mlp_in", 0))
    found: list[Any] = [
        direction(subject, f"{part}-{pool}", sites[(at + number) % 6], part, pool, seed=10 * at + number)
        for at, part in enumerate(("prompt", "turn", "reply"))
        for number, pool in enumerate(POOLS)
    ]
    for at, rule in enumerate(("relu", "jump", "topk", "routed")):
        made = dictionary(subject, [MIDDLE], rule, seed=at)
        found += latents(made, rule, (0, 3, 100, 255))
        found += latents(made, f"{rule}-asked", (5, 6), "prompt")
        cross = dictionary(subject, [MIDDLE, LATE], rule, seed=at)
        found += latents(cross, f"{rule}-cross", (1, 2, 77))
        if rule in ("relu", "jump"):
            found += map(alone, latents(cross, f"{rule}-alone", (1, 2, 77)))
    return found


def test_live_scores_are_the_offline_ones_for_every_kind_pool_and_part(subject: OpenSubject) -> None:
    made = detectors(subject)
    served = serve(subject, [watching(each) for each in made])
    try:
        found = all_asked(served, [chat(question) for question in QUESTIONS])
    finally:
        served.close()
    active = compared = 0
    for question, (answer, body) in zip(QUESTIONS, found, strict=True):
        said = transcript(question, content(body))
        tokens = subject.generate([[{"role": "user", "content": question}]], Sampling(40))[0].tokens
        assert tokens[-1] in subject.format.end_ids or len(tokens) == 40
        for each, verdict in zip(made, answer.verdicts, strict=True):
            [offline] = each.scores([said], subject)
            assert verdict.scored.tokens == pytest.approx(offline.tokens, **CLOSE), each.name
            if offline.score is None:  # it but thought, and said nothing
                assert verdict.scored.score is None
                assert verdict.scored.why == offline.why == "no reply to read"
                continue
            assert verdict.scored.score == pytest.approx(offline.score, **CLOSE), each.name
            compared += len(offline.tokens)
            if "-" in each.name and each.name.split("-")[0] in ("relu", "jump", "topk", "routed"):
                active += sum(token > 0 for token in offline.tokens)
    assert compared > 2000
    assert active > 200


def test_a_streams_tokens_carry_the_same_scores(subject: OpenSubject) -> None:
    each = direction(subject, "d", MIDDLE, "reply", "mean")
    served = serve(subject, [watching(each, threshold=-HIGH_ENOUGH)])
    try:
        [(answer, stream)] = all_asked(
            served, [chat(QUESTIONS[0], stream=True, stream_options={"include_usage": True})]
        )
        [(_, dumb)] = all_asked(served, [chat(QUESTIONS[0], stream=True)], scores=False)
    finally:
        served.close()
    parts = events(stream)
    text = "".join(part["choices"][0]["delta"].get("content", "") for part in parts if part["choices"])
    [offline] = each.scores([transcript(QUESTIONS[0], text)], subject)
    scores = [score for part in parts for score in part.get("caseback", {}).get("scores", {}).get("d", [])]
    tokens = [token for part in parts for token in part.get("caseback", {}).get("tokens", [])]
    assert len(scores) == len(tokens) == parts[-1]["usage"]["completion_tokens"]
    assert scores[-1] is None  # the end token is no part of the reply
    assert scores[:-1] == pytest.approx(offline.tokens, **CLOSE)
    assert "".join(tokens[:-1]) == text
    last = parts[-2]["caseback"]
    assert last["exchange"] == "x"
    assert last["verdicts"][0]["score"] == pytest.approx(offline.score, **CLOSE)
    assert last["flagged"] == ["d"]
    assert parts[2]["caseback"]["flagged"] == ["d"]
    assert answer.verdicts[0].flagged
    assert b"caseback" not in dumb
    assert "".join(part["choices"][0]["delta"].get("content", "") for part in events(dumb)) == text


HIGH_ENOUGH = 1e6


def test_a_reply_cut_by_its_length_or_a_stop_string_is_read_to_its_last_token(subject: OpenSubject) -> None:
    each = direction(subject, "d", MIDDLE, "reply", "last")
    served = serve(subject, [watching(each)])
    try:
        [(cut, body)] = all_asked(served, [chat(QUESTIONS[0], max_tokens=4)])
        [(stopped, ended)] = all_asked(served, [chat(QUESTIONS[0], stop=[" Austin"])])
    finally:
        served.close()
    for answer, made in ((cut, body), (stopped, ended)):
        [offline] = each.scores([transcript(QUESTIONS[0], content(made))], subject)
        assert answer.verdicts[0].scored.tokens == pytest.approx(offline.tokens, **CLOSE)
        assert answer.verdicts[0].scored.score == pytest.approx(offline.score, **CLOSE)


def test_thinking_is_scored_token_by_token_and_is_not_in_the_pool(subject: OpenSubject) -> None:
    each = direction(subject, "d", MIDDLE, "reply", "mean")
    served = serve(subject, [watching(each)])
    question = chat("What is the capital of Texas?", chat_template_kwargs={"enable_thinking": True}, max_tokens=80)
    try:
        [(answer, body)] = all_asked(served, [question])
    finally:
        served.close()
    message = json.loads(body)["choices"][0]["message"]
    assert message["reasoning_content"]
    assert message["content"]
    said = len(subject.tokenizer(message["content"], add_special_tokens=False).input_ids)
    assert len(answer.verdicts[0].scored.tokens) == said
    assert len(json.loads(body)["caseback"]["scores"]["d"]) > said + 2


def test_activations_that_are_no_numbers_are_not_evaluated_and_nobody_else_is_hurt(subject: OpenSubject) -> None:
    good = direction(subject, "good", LATE, "reply", "mean")
    bad = latents(dictionary(subject, [MIDDLE], "jump"), "bad", (0,))[0]
    bad.source.dictionary.b_enc[0] = float("nan")
    topk = dictionary(subject, [MIDDLE], "topk")
    topk.W_enc[:, 4] = float("nan")
    served = serve(subject, [watching(each) for each in (good, bad, *latents(topk, "topk", (4,)))])
    try:
        [(answer, body)] = all_asked(served, [chat(QUESTIONS[0])])
        [(_, stream)] = all_asked(served, [chat(QUESTIONS[0], stream=True)])
    finally:
        served.close()
    assert content(body) == "The capital of Texas is Austin."
    assert [each.scored.score is None for each in answer.verdicts] == [False, True, True]
    assert "not finite" in answer.verdicts[1].scored.why
    assert not answer.verdicts[1].flagged
    assert json.loads(body)["caseback"]["scores"]["bad-0"][0] is None
    assert events(stream)[1]["caseback"]["scores"]["bad-0"] == [None]


def test_a_reading_that_fails_is_said_and_the_reply_goes_on(
    subject: OpenSubject, monkeypatch: pytest.MonkeyPatch
) -> None:
    from caseback.watch.serving import plan

    def fails(*_: Any) -> Any:
        raise RuntimeError("no memory left")

    served = serve(subject, [watching(direction(subject, "d", MIDDLE, "reply", "mean"))])
    monkeypatch.setattr(plan.Product, "of", fails)
    try:
        [(answer, body)] = all_asked(served, [chat(QUESTIONS[0])])
    finally:
        served.close()
    assert content(body) == "The capital of Texas is Austin."
    assert answer.verdicts[0].scored.score is None
    assert "no memory left" in answer.verdicts[0].scored.why


def test_detectors_of_another_model_or_width_are_not_evaluated_and_say_why(subject: OpenSubject) -> None:
    stale = direction(subject, "stale", MIDDLE, "reply", "mean", model="sha256:" + "0" * 64)
    beyond = direction(subject, "beyond", Site("resid_post", 40), "reply", "mean")
    narrow = direction(subject, "narrow", MIDDLE, "reply", "mean", vector=torch.ones(4) / 2)
    served = serve(subject, [watching(each, "stop", -HIGH_ENOUGH) for each in (stale, beyond, narrow)])
    try:
        [(answer, body)] = all_asked(served, [chat(QUESTIONS[0])])
    finally:
        served.close()
    assert content(body) == "The capital of Texas is Austin."
    assert [each.scored.score for each in answer.verdicts] == [None, None, None]
    for each, why in zip(answer.verdicts, ("the model changed", "the model has 6 blocks", "width 4"), strict=True):
        assert why in each.scored.why


@pytest.mark.parametrize("pool", POOLS)
def test_stop_ends_the_reply_at_the_token_where_the_pool_so_far_crosses(subject: OpenSubject, pool: Pool) -> None:
    each = direction(subject, "d", MIDDLE, "reply", pool, seed=3)
    question = QUESTIONS[5]
    tokens = subject.generate([[{"role": "user", "content": question}]], Sampling(40))[0].tokens[:-1]
    text = subject.format.decode(list(tokens))
    [offline] = each.scores([transcript(question, text)], subject)
    so_far = [pooled(torch.tensor(offline.tokens[: at + 1]), pool) for at in range(len(offline.tokens))]
    threshold = max(so_far[2:]) - 1e-3
    crosses = next(at for at, score in enumerate(so_far) if score >= threshold)
    served = serve(subject, [watching(each, "stop", threshold)])
    try:
        [(answer, body)] = all_asked(served, [chat(question)])
        [(streamed, stream)] = all_asked(served, [chat(question, stream=True)], scores=False)
    finally:
        served.close()
    choice = json.loads(body)["choices"][0]
    assert choice["finish_reason"] == "content_filter"
    assert choice["message"]["content"] == subject.format.decode(list(tokens[: crosses + 1])).rstrip()
    assert json.loads(body)["usage"]["completion_tokens"] == crosses + 1
    assert answer.ended == streamed.ended == "stopped"
    assert answer.verdicts[0].flagged
    assert answer.verdicts[0].scored.score == pytest.approx(so_far[crosses], **CLOSE)
    parts = events(stream)
    assert parts[-1]["choices"][0]["finish_reason"] == "content_filter"
    said = "".join(part["choices"][0]["delta"].get("content", "") for part in parts)
    assert said == choice["message"]["content"]


@pytest.mark.parametrize("part", ["prompt", "turn"])
def test_stop_on_the_prompt_ends_the_reply_before_it_begins(subject: OpenSubject, part: Any) -> None:
    served = serve(subject, [watching(direction(subject, "d", MIDDLE, part, "max"), "stop", -HIGH_ENOUGH)])
    try:
        [(answer, body)] = all_asked(served, [chat(QUESTIONS[0])])
        [(_, stream)] = all_asked(served, [chat(QUESTIONS[0], stream=True)])
    finally:
        served.close()
    assert content(body) == ""
    assert json.loads(body)["choices"][0]["finish_reason"] == "content_filter"
    assert json.loads(body)["usage"]["completion_tokens"] == 0
    assert answer.ended == "stopped"
    assert events(stream)[-1]["choices"][0]["finish_reason"] == "content_filter"


def test_ensembles_and_cascades_of_what_is_read_and_of_text(subject: OpenSubject) -> None:
    def calibrated(name: str, negatives: tuple[float, ...], **more: Any) -> Any:
        made = direction(subject, name, MIDDLE, "reply", "mean", **more)
        known = Known(calibration=Calibration("d", (), Auroc(0.5, 0.0, 1.0, 1, 1, 1), negatives, 0, 0))
        return type(made)(made.name, made.behaviour, made.direction, made.reading, known)

    members = (calibrated("a", (-5.0, 0.0, 0.1, 5.0), seed=1), calibrated("b", (-1.0, 0.0), seed=2))
    both = EnsembleDetector("both", "harm", members, "mean")
    word = PatternDetector("word", "harm", ("Austin",))
    cascade = CascadeDetector("cascade", "harm", word, members[0], gate=0.5, below=-9.0)
    served = serve(subject, [watching(both), watching(cascade), watching(word)])
    try:
        found = all_asked(served, [chat(question) for question in QUESTIONS[:2]])
    finally:
        served.close()
    for question, (answer, body) in zip(QUESTIONS, found, strict=False):
        assert [each.detector for each in answer.verdicts] == ["both", "cascade"]  # text alone is for others
        for each, verdict in zip((both, cascade), answer.verdicts, strict=True):
            [offline] = each.scores([transcript(question, content(body))], subject)
            assert verdict.scored.score == pytest.approx(offline.score, **CLOSE)
            assert verdict.scored.by == offline.by


@given(
    st.lists(st.lists(st.floats(-100, 100, width=32), min_size=4, max_size=4), min_size=1, max_size=40),
)
def test_pools_that_grow_are_those_of_the_whole_at_every_token(rows: list[list[float]]) -> None:
    growing = Growing(POOLS)
    for at, row in enumerate(rows):
        now = growing.add(np.array(row, dtype=np.float32))
        so_far = torch.tensor(rows[: at + 1])
        for number, pool in enumerate(POOLS):
            assert now[number] == pytest.approx(pooled(so_far[:, number], pool), rel=1e-4, abs=1e-3)


@pytest.mark.parametrize("rule", ["relu", "jump", "topk", "routed", "relu-bf16", "topk-bf16"])
def test_latents_are_those_of_encode_on_any_activations(subject: OpenSubject, rule: str) -> None:
    """Many tokens at once, and every latent, so that ties with the threshold and the k-th would be seen."""
    made = dictionary(subject, [MIDDLE], rule, width=64, seed=5)
    plan = plan_for(latents(made, "all", range(64)), torch.device("cpu"))
    reading = Reading()
    acts = torch.randn(3, 50, made.d_in, generator=torch.Generator().manual_seed(1))
    reading.begin(plan, torch.arange(150))
    reading._visit(MIDDLE, str(MIDDLE), acts)
    wanted = encode(made, acts.flatten(0, 1)).dense().float()
    found = finished(plan, reading.end(150))
    apart = np.abs(found - wanted.numpy()) > 0.02 * np.abs(wanted.numpy()) + 1e-4
    # Rounding may tip what lies at a threshold, in half precision now and then.
    assert apart.mean() <= (0.01 if rule.endswith("bf16") else 0)
    assert (found > 0).mean() > 0.02


def test_only_wanted_rows_are_computed_and_only_where_a_latent_is_up_is_the_router_asked(subject: OpenSubject) -> None:
    made = dictionary(subject, [MIDDLE], "routed")
    quiet = Dictionary(**{**vars(made), "threshold": torch.full((made.width,), 1e6)})
    plan = plan_for(latents(quiet, "quiet", (0, 9)), torch.device("cpu"))
    assert plan.products[MIDDLE][0].weight.shape == (made.d_in, 2)
    broken = plan.routeds[0].router.weight_DG
    broken.fill_(float("nan"))
    reading = Reading()
    reading.begin(plan)
    reading._visit(MIDDLE, str(MIDDLE), torch.randn(4, 1, made.d_in))
    assert (reading.end(4) == 0).all()


def test_the_model_is_read_only_in_the_engines_own_thread_and_passes(subject: OpenSubject, tmp_path: Path) -> None:
    """Somebody else who uses the model meanwhile neither sees the reading nor is seen by it."""
    each = direction(subject, "d", MIDDLE, "reply", "mean")
    served = serve(subject, [watching(each)])
    try:
        offline = each.scores([transcript(QUESTIONS[0], "The capital of Texas is Austin.")], subject)[0]
        [(answer, _)] = all_asked(served, [chat(QUESTIONS[0])])
        assert answer.verdicts[0].scored.score == pytest.approx(offline.score, **CLOSE)
    finally:
        served.close()
    hooks = [module for module in subject.model.modules() if module._forward_hooks or module._forward_pre_hooks]
    assert hooks == []


def test_a_model_that_changes_its_activations_behind_the_hook_is_read_as_it_goes(subject: OpenSubject) -> None:
    """As models do that add to the residual stream in place."""
    each = direction(subject, "d", MIDDLE, "reply", "mean")
    question = [chat(QUESTIONS[0])]

    def spoil(_: Any, args: tuple[Any, ...], kwargs: Any) -> None:
        (args[0] if args else kwargs["hidden_states"]).add_(0.5)

    served = serve(subject, [watching(each)])
    try:
        [(plain, _)] = all_asked(served, question)
        assert served.engine.reading.unchanged
    finally:
        served.close()
    block = subject.model.model.layers[MIDDLE.layer + 1]
    hook = block.register_forward_pre_hook(spoil, with_kwargs=True)
    try:
        served = serve(subject, [watching(each)])
        try:
            [(spoilt, _)] = all_asked(served, question)
            assert not served.engine.reading.unchanged
        finally:
            served.close()
    finally:
        hook.remove()
    # The first token is the same, and so is what it is read from; what follows may be another reply.
    assert spoilt.verdicts[0].scored.tokens[0] == pytest.approx(plain.verdicts[0].scored.tokens[0], **CLOSE)


@pytest.mark.parametrize("part", ["prompt", "reply"])
def test_a_score_at_the_threshold_is_not_above_it_and_ends_nothing(subject: OpenSubject, part: Any) -> None:
    each = direction(subject, "d", MIDDLE, part, "max")

    def served_at(threshold: float) -> tuple[Any, bytes, bytes]:
        made = serve(subject, [watching(each, "stop", threshold)])
        try:
            [(answer, body)] = all_asked(made, [chat(QUESTIONS[0])])
            [(_, stream)] = all_asked(made, [chat(QUESTIONS[0], stream=True)])
        finally:
            made.close()
        return answer, body, stream

    said = served_at(HIGH_ENOUGH)[0].verdicts[0].scored.score
    answer, body, _ = served_at(said)
    assert answer.verdicts[0].scored.score == said
    assert not answer.verdicts[0].flagged
    assert answer.ended == "whole"
    assert content(body) == "The capital of Texas is Austin."
    # Another forward pass, whose sums may be rounded otherwise: it was once above by the last bit.
    _, _, stream = served_at(said + 1e-5 * abs(said))
    assert not any(part.get("caseback", {}).get("flagged") for part in events(stream))
    assert served_at(float(np.nextafter(said, -np.inf)))[0].ended == "stopped"
