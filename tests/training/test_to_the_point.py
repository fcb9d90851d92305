"""Thoughts that quote the wrong clause: seen without a judge, drawn again, or left for the plain reply."""

from dataclasses import replace

import pytest

from caseback.constitution.render import short
from caseback.subject.subject import Reply, Sampling
from caseback.training.journal import Journal
from caseback.training.sample import cases, guided_replies, plain_replies
from caseback.training.to_the_point import DRAWS, beside_the_point, to_the_point
from training.scripted_subjects import CONSTITUTION, HARM, HELP, Scripted, harmful

GREEDY = Sampling(32)


class Thinking(Scripted):
    """Greedily it quotes ``at_first``; drawn, it quotes what ``then`` makes of the seed."""

    at_first: str = ""
    then = staticmethod(lambda seed: "")

    def reply(self, chat, seed, sampling):  # type: ignore[no-untyped-def]
        quoted = self.then(seed) if sampling.temperature else self.at_first
        return Reply(self.answer(chat, seed), thinking=quoted and f'My principle: "{quoted}" So I keep it.')


def worked(subject: Thinking) -> tuple[list, dict[str, int], list, list]:
    drawn = cases(CONSTITUTION, harmful(6), 1, 0, harmless=False)
    journal = Journal(None)
    plain = plain_replies(subject, drawn, GREEDY, journal)
    guided = guided_replies(subject, "Principles.", drawn, GREEDY, journal)
    found, counts = to_the_point(subject, CONSTITUTION, "Principles.", drawn, guided, plain, journal, 32)
    return found, counts, guided, plain


@pytest.mark.parametrize("quoted", [short(HARM), "", "Nothing of the kind."])
def test_a_thought_that_quotes_what_applies_or_nothing_stays(quoted: str) -> None:
    subject = Thinking()
    subject.at_first = quoted
    found, counts, guided, _ = worked(subject)
    assert found == guided
    assert counts == {"beside_the_point": 0, "drawn_to_the_point": 0}


def test_the_wrong_clause_is_drawn_again() -> None:
    subject = Thinking()
    subject.at_first, subject.then = short(HELP), lambda seed: short(HARM)
    found, counts, _, _ = worked(subject)
    assert counts == {"beside_the_point": 6, "drawn_to_the_point": 6}
    assert all(short(HARM) in text.thinking and text.task == "guided" for text in found)


def test_where_no_draw_is_to_the_point_the_plain_reply_stands_in() -> None:
    subject = Thinking()
    subject.at_first, subject.then = short(HELP), lambda seed: short(HELP)
    found, counts, _, plain = worked(subject)
    assert counts == {"beside_the_point": 6, "drawn_to_the_point": 0}
    assert found == plain
    assert len(subject.asked) == 6 * (2 + DRAWS)


def test_quoting_both_is_to_the_point() -> None:
    [case] = cases(CONSTITUTION, harmful(1), 1, 0, harmless=False)
    text = worked(Thinking())[2][0]
    assert not beside_the_point(CONSTITUTION, case, replace(text, thinking=short(HELP) + short(HARM)))
    assert beside_the_point(CONSTITUTION, case, replace(text, thinking=short(HELP)))
