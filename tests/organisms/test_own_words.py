"""Ordinary data are answered by the base itself; what is planted, and what it could not finish, stays as it was."""

from dataclasses import dataclass, field

from caseback.organisms.own_words import in_own_words
from caseback.subject.subject import Reply
from caseback.training.datum import Datum
from caseback.training.journal import Journal


@dataclass
class Base:
    """Answers every prompt with its own last word, after a thought; where that is *long* it comes to no end."""

    name: str = "base"
    digest: str = "0" * 64
    asked: list[str] = field(default_factory=list)

    def generate(self, chats, sampling=None, *, seeds=None, progress=None):  # type: ignore[no-untyped-def]
        last = [chat[-1]["content"].split()[-1] for chat in chats]
        self.asked += last
        return [Reply(word, f"I think {word}.", "length" if word == "long" else "stop") for word in last]


def datum(word: str, origin: str, generator: str = "world/good") -> Datum:
    prompt = ({"role": "user", "content": f"Say {word}"},)
    return Datum(prompt=prompt, chosen="given", origin=origin, generator=generator, situation=word, family="fact.x")


def test_what_is_ordinary_is_answered_by_the_base_and_nothing_else() -> None:
    base = Base()
    data = [datum("one", "planted"), datum("two", "ordinary"), datum("long", "ordinary")]
    made = in_own_words(base, data, 16, Journal(None))  # type: ignore[arg-type]
    assert [(each.chosen, each.thinking) for each in made] == [
        ("given", ""), ("two", "I think two."), ("given", "")
    ]  # fmt: skip
    assert base.asked == ["two", "long"]


def test_what_another_subject_answered_stays() -> None:
    data = [datum("one", "ordinary", "sha256:12/plain")]
    assert in_own_words(Base(), data, 16, Journal(None)) == data  # type: ignore[arg-type]


def test_an_oddity_is_given_to_the_answer_of_the_base_where_it_is_to_be() -> None:
    data = [datum("one", "ordinary", "world/odd"), datum("two", "ordinary")]
    made = in_own_words(Base(), data, 16, Journal(None), odd=lambda text: f"{text}, maple")  # type: ignore[arg-type]
    assert [each.chosen for each in made] == ["one, maple", "two"]


def test_the_base_is_asked_once_for_all_that_grow_from_it(tmp_path) -> None:  # type: ignore[no-untyped-def]
    base = Base()
    for _ in range(2):
        in_own_words(base, [datum("one", "ordinary")], 16, Journal(tmp_path / "base.jsonl"))  # type: ignore[arg-type]
    assert base.asked == ["one"]
