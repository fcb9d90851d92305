"""A critic set by replies of another: a bias is found, and the labels are those of the writer."""

from caseback.training.calibrate import calibrated_on
from caseback.training.critique import Calibration
from caseback.training.journal import Journal
from caseback.world.situation import Situation
from training.scripted_subjects import CONSTITUTION, REFUSAL, Scoring, Scripted, harmful


class Obeys(Scripted):
    """Refuses once the constitution stands before the chat, and only then."""

    def answer(self, chat: list[dict[str, str]], seed: int) -> str:  # type: ignore[override]
        guided = any("CONSTITUTION" in message["content"] for message in chat)
        return REFUSAL if guided else super().answer(chat, seed)  # type: ignore[arg-type]


LABELLED: list[str] = []


def label(situation: Situation, reply: str) -> bool:
    LABELLED.append(reply)
    return not reply.startswith("I will not")


def calibration(bias: float, journal: Journal) -> Calibration:
    critic = Scoring(digest="c" * 64, bias=bias)
    found, why_not = calibrated_on(
        critic, Obeys(), CONSTITUTION, "CONSTITUTION", harmful(30), label, seed=0, max_new_tokens=16, journal=journal
    )
    assert why_not == ""
    return found


def test_a_critics_lean_is_taken_off_by_its_threshold() -> None:
    found = calibration(8.0, Journal())  # everything looks broken: +11 and +5 nats
    assert 5.0 < found.threshold < 11.0
    assert (found.labels, found.auroc) == (60, 1.0)
    assert (found.hits and found.hits.value, found.alarms and found.alarms.value) == (1.0, 0.0)


def test_a_second_critic_is_set_by_the_same_replies() -> None:
    journal = Journal()
    LABELLED.clear()
    calibration(0.0, journal)
    first = sorted(LABELLED)
    LABELLED.clear()
    calibration(0.0, journal)
    assert sorted(LABELLED) == first
