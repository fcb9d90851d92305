"""``caseback chat`` and ``caseback generate`` as they are typed."""

import json

import pytest
from typer.testing import CliRunner

from caseback.cli.main import app
from caseback.subject.load import load
from caseback.subject.subject import Sampling
from models_for_tests import save_tiny
from server_for_tests import answer, problem, serving


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return str(save_tiny(tmp_path_factory.mktemp("models") / "llama"))


def typed(*arguments, said=""):
    return CliRunner().invoke(app, list(arguments), input=said)


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_generate_answers_every_line_in_order(folder, tmp_path):
    prompts, out = tmp_path / "prompts.jsonl", tmp_path / "replies.jsonl"
    chat = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}, {"role": "user", "content": "?"}]
    prompts.write_text('"one"\n\n{"prompt": "two", "id": "b", "seed": 9}\n' + json.dumps({"messages": chat}))
    made = typed("generate", folder, str(prompts), "-o", str(out), "--max-new-tokens", "8", "--temperature", "1")
    assert made.exit_code == 0, made.output
    replies = lines(out)
    assert [r["id"] for r in replies] == [1, "b", 4]
    assert replies[1]["seed"] == 9
    subject = load(folder)
    [expected] = subject.generate([chat], Sampling(8, temperature=1.0), seeds=[3])
    assert replies[2]["text"] == expected.text
    assert replies[2]["logprob"] == pytest.approx(sum(expected.logprobs))


def test_generate_goes_on_where_it_was_stopped(folder, tmp_path):
    prompts, out = tmp_path / "prompts.jsonl", tmp_path / "replies.jsonl"
    prompts.write_text("".join(f'"say {i}"\n' for i in range(5)))
    command = ("generate", folder, str(prompts), "-o", str(out), "--max-new-tokens", "4")
    assert typed(*command).exit_code == 0
    whole = out.read_bytes()
    kept = whole.splitlines(keepends=True)
    out.write_bytes(b"".join(kept[:2]) + kept[2][:25])
    again = typed(*command)
    assert "2 of 5" in again.output
    resumed = out.read_bytes()
    assert resumed.startswith(b"".join(kept[:2]))
    assert [(r["key"], r["text"]) for r in lines(out)] == [(r["key"], r["text"]) for r in map(json.loads, kept)]
    assert typed(*command[:-1], "5").exit_code == 2
    assert out.read_bytes() == resumed
    out.write_text("my diary\n")
    refusal = typed(*command)
    assert refusal.exit_code == 2
    assert "holds something else" in refusal.output
    assert out.read_text() == "my diary\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'"fine"\nnot json\n', "line 2: not JSON"),
        (b'{"text": "no prompt"}\n', "line 1: give a text"),
        (b'{"messages": [{"role": "user"}]}\n', "line 1"),
        (b'{"messages": []}\n', "line 1"),
        (b'{"prompt": "x", "seed": "y"}\n', "line 1"),
        (b"\xff\xfe\x00", "cannot be read"),
    ],
)
def test_bad_prompts_are_one_clear_line(folder, tmp_path, content, said):
    prompts = tmp_path / "prompts.jsonl"
    prompts.write_bytes(content)
    made = typed("generate", folder, str(prompts), "-o", str(tmp_path / "out.jsonl"))
    assert made.exit_code == 2
    assert said in made.output
    assert "Traceback" not in made.output


def test_generate_names_what_is_missing(folder, tmp_path):
    out = str(tmp_path / "out.jsonl")
    assert "cannot be read" in typed("generate", folder, str(tmp_path / "no.jsonl"), "-o", out).output
    (tmp_path / "p.jsonl").write_text('"x"\n')
    nowhere = typed("generate", folder, str(tmp_path / "p.jsonl"), "-o", str(tmp_path / "no" / "out.jsonl"))
    assert "no folder" in nowhere.output
    assert typed("generate", str(tmp_path / "no-model"), str(tmp_path / "p.jsonl"), "-o", out).exit_code == 2
    address = typed("generate", "http://127.0.0.1:9/v1#m", str(tmp_path / "p.jsonl"), "-o", out, "--dtype", "float32")
    assert "is an address" in address.output


def test_chat_talks_and_obeys(folder, tmp_path):
    system = tmp_path / "system.txt"
    system.write_text("be kind")
    said = "hello\n/undo\nhello again\n/system be brief\n/reset\n/what\n\n/quit\nnever read\n"
    made = typed("chat", folder, "--system", f"@{system}", "--max-new-tokens", "5", said=said)
    assert made.exit_code == 0, made.output
    assert made.output.count("model ›") == 2
    assert "/reset forgets" in made.output
    assert typed("chat", folder, "--max-new-tokens", "3", said="hello").exit_code == 0


def test_chat_says_what_it_cannot_do(folder, tmp_path):
    assert "cannot be read" in typed("chat", folder, "--system", f"@{tmp_path / 'none'}").output
    made = typed("chat", str(tmp_path / "none"))
    assert made.exit_code == 2
    assert "no folder" in made.output


def test_chat_with_an_address_ends_with_1_where_a_message_got_no_reply():
    with serving(lambda *_: answer("fine")) as (address, _):
        made = typed("chat", f"{address}#toy", said="hello\n")
    assert made.exit_code == 0
    assert "fine" in made.output
    with serving(lambda number, _: answer() if number else problem(404, "no such model")) as (address, _):
        made = typed("chat", f"{address}#toy", said="hello\nagain\n/quit\n")
    assert made.exit_code == 1
    assert "no such model" in made.output
    assert "fine" in made.output
    assert typed("chat", "http://127.0.0.1:9/v1#toy", "--patience", "1", said="hello\n").exit_code == 1


def test_replies_that_cannot_be_written_are_one_line_before_anything_is_asked(tmp_path):
    (tmp_path / "p.jsonl").write_text('"x"\n')
    with serving(lambda *_: answer()) as (address, seen):
        for out, said in ((tmp_path, "is a folder"), ("/proc/replies.jsonl", "name another folder")):
            made = typed("generate", f"{address}#toy", str(tmp_path / "p.jsonl"), "-o", str(out))
            assert made.exit_code == 2
            assert said in " ".join(made.output.split())
    assert not seen


def test_help_teaches():
    for command in ("chat", "generate"):
        made = typed(command, "--help")
        assert made.exit_code == 0
        assert "Example" in made.output
