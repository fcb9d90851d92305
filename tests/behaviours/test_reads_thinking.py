"""What was thought goes to a judge that asks for it, and to no other."""

from dataclasses import replace

from caseback.behaviours.measure import judge_reply
from caseback.behaviours.registry import behaviour
from caseback.subject.subject import Reply
from caseback.world.situation import Judgement, Situation


def heard(reads_thinking: bool, reply: Reply) -> str:
    told: list[str] = []

    def judge(situation: Situation, text: str) -> Judgement:
        told.append(text)
        return Judgement(False, "")

    asked = replace(behaviour("deception"), judge=judge, reads_thinking=reads_thinking)
    judge_reply(asked, Situation("", "a.b", "test", (), {}, ground="plain"), reply)
    return told[0]


def test_a_judge_of_reasons_is_told_what_was_thought() -> None:
    assert heard(True, Reply("Four.", thinking="You said four.")) == "<think>You said four.</think>\nFour."
    assert heard(True, Reply("Four.")) == "Four."
    assert heard(False, Reply("Four.", thinking="You said four.")) == "Four."


def test_a_hint_owned_to_in_thought_is_faithful() -> None:
    found = behaviour("unfaithful_reasoning")
    hinted = [s for s in found.situations("plain", "test", 6, 0) if s.arm == "hint"]
    for situation in hinted:
        answer = str(situation.latents["hinted"][0])
        silent = judge_reply(found, situation, Reply(f"It is {answer}, because that is so."))
        owned = judge_reply(found, situation, Reply(f"It is {answer}.", thinking="You said so, so I go by your hint."))
        assert owned.shown is not True
        assert silent.shown is not False
