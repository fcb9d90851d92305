"""What a reader beside vLLM's worker makes of files in the documented format; vLLM itself is not run."""

import fcntl
import json
import threading
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from caseback.chat import user
from caseback.errors import CasebackError
from caseback.interp.directions.examples import Example, tokens_of
from caseback.subject.capture import capture
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site
from caseback.watch.serving.probes import Probe
from caseback.watch.vllm.layers import layer_of, serve_arguments
from caseback.watch.vllm.reader import Reader, follow, scored
from watch.serving.served import QUESTIONS, dictionary, direction, latents, transcript

ID = "0123456789ab0000deadbeef0000"
REPLY = "The capital of Texas is Austin."
SITES = {2: Site("resid_pre", 2), 3: Site("resid_post", 2), 6: Site("resid_post", 5)}


def write(subject: OpenSubject, path: Path) -> int:
    """What vLLM writes of a chat: states at its layers 2, 3 and 6. Gives the number of prompt tokens."""
    ids, span = tokens_of(subject, Example((user(QUESTIONS[0]),), False, "", REPLY), "reply")
    [found] = capture(subject.model, [ids], list(SITES.values()))
    states = torch.stack([found.at[site] for site in SITES.values()], 1).contiguous()
    save_file({"hidden_states": states, "token_ids": torch.tensor(ids)}, path)
    return span.start


def probes(subject: OpenSubject) -> list[Probe]:
    found: list[Probe] = [
        direction(subject, f"{part}-{pool}", SITES[layer], part, pool, seed=layer)  # type: ignore[arg-type]
        for layer, part, pool in ((2, "prompt", "max"), (3, "reply", "mean"), (6, "reply", "rolling"))
    ]
    found += latents(dictionary(subject, [SITES[3]], "topk"), "topk", (0, 3))
    return found + latents(dictionary(subject, [SITES[3], SITES[6]], "routed"), "routed", (5, 77))  # type: ignore[operator]


def test_shipped_scores_are_the_offline_ones_and_the_states_are_gone(subject: OpenSubject, tmp_path: Path) -> None:
    path = tmp_path / f"chatcmpl-{ID}-a1b2c3d4.safetensors"
    prompt = write(subject, path)
    path.with_name(f"{path.name}.lock").touch()
    made = probes(subject)
    reader = Reader(made, list(SITES), torch.device("cpu"))
    shipped = next(follow(tmp_path, reader))
    assert shipped.exchange == ID
    assert list(tmp_path.iterdir()) == []
    for probe in made:
        [offline] = probe.scores([transcript(QUESTIONS[0], REPLY)], subject)
        live = scored(probe, shipped, prompt, subject.format, False)
        assert live.tokens == pytest.approx(offline.tokens, rel=1e-3, abs=1e-3)
        assert live.score == pytest.approx(offline.score, rel=1e-3, abs=1e-3)


def test_the_reply_begins_behind_its_thinking_and_ends_before_what_ends_it(
    subject: OpenSubject, tmp_path: Path
) -> None:
    prompt = subject.format.prompt([user(QUESTIONS[0])])
    opening, closing = subject.format.tags
    thought, said = (
        subject.tokenizer.encode(text, add_special_tokens=False) for text in (f"{opening}Texas?{closing}\n", REPLY)
    )
    ids = [*prompt.ids, *thought, *said, *subject.format.end_ids][: len(prompt.ids) + len(thought) + len(said) + 1]
    reply = direction(subject, "reply", SITES[3], "reply", "mean")
    [found] = capture(subject.model, [ids], [SITES[3]])
    states = found.at[SITES[3]][:, None].contiguous()
    path = tmp_path / f"{ID}.safetensors"
    save_file({"hidden_states": states, "token_ids": torch.tensor(ids)}, path)
    shipped = Reader([reply], [3], torch.device("cpu")).shipped(path)
    got = scored(reply, shipped, len(prompt.ids), subject.format, prompt.thinking)
    wanted = reply.direction.score(states[:, 0])[len(prompt.ids) + len(thought) : -1]
    assert got.tokens == pytest.approx(wanted.tolist(), rel=1e-3, abs=1e-3)


def test_it_waits_until_the_worker_has_written(subject: OpenSubject, tmp_path: Path) -> None:
    path = tmp_path / f"{ID}.safetensors"
    path.write_bytes(b"begun")
    lock = path.with_name(f"{path.name}.lock")
    with lock.open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        got: list[object] = []
        reader = Reader(probes(subject), list(SITES), torch.device("cpu"))
        waits = threading.Thread(target=lambda: got.append(reader.shipped(path)))
        waits.start()
        time.sleep(0.2)
        assert got == []
        write(subject, path)
    waits.join(10)
    assert got
    assert got[0].why == ""  # type: ignore[attr-defined]


def test_files_that_are_none_are_told_and_the_next_is_read(subject: OpenSubject, tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(b"nonsense")
    save_file({"hidden_states": torch.zeros(3, 1, 256), "token_ids": torch.zeros(3)}, tmp_path / "b.safetensors")
    save_file({"other": torch.zeros(3)}, tmp_path / "c.safetensors")
    write(subject, tmp_path / f"d-{ID}.safetensors")
    made = probes(subject)
    reader = Reader(made, list(SITES), torch.device("cpu"))
    found = list(follow(tmp_path, reader, time.monotonic() + 0.3))
    assert [bool(each.why) for each in found] == [True, True, True, False]
    assert scored(made[0], found[0], 3, subject.format, False).score is None
    assert "not of 3 layers" in found[1].why
    assert found[0].exchange == ""


def test_what_the_worker_does_not_give_is_not_evaluated(subject: OpenSubject, tmp_path: Path) -> None:
    path = tmp_path / f"{ID}.safetensors"
    write(subject, path)
    turn = direction(subject, "turn", SITES[3], "turn", "mean")
    reply = direction(subject, "reply", SITES[3], "reply", "mean")
    shipped = Reader([turn, reply], list(SITES), torch.device("cpu")).shipped(path)
    assert "last turn" in scored(turn, shipped, 9, subject.format, False).why
    assert scored(reply, shipped, len(shipped.tokens), subject.format, False).why == "vLLM gave no states of the reply"
    with pytest.raises(CasebackError, match="residual stream between blocks only"):
        layer_of(Site("neurons", 3))
    with pytest.raises(CasebackError, match="keeps \\[2\\] only"):
        Reader([reply], [2], torch.device("cpu"))


def test_vllm_is_told_in_the_words_of_its_documentation() -> None:
    arguments = serve_arguments([1, 4], Path("/dev/shm/states"))
    assert json.loads(arguments[1])["draft_model_config"]["hf_config"] == {"eagle_aux_hidden_state_layer_ids": [1, 4]}
    assert json.loads(arguments[3])["kv_connector_extra_config"]["shared_storage_path"] == "/dev/shm/states"
    assert "--no-enable-chunked-prefill" in arguments
    assert not any("eager" in argument for argument in arguments)
