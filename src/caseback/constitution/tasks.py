"""The questions that constitutional training asks a model: criticise an answer, rewrite it, choose between two.

They stand here, above the world and the training, so that the reference models are taught the same questions that the
training later asks. Critique and revision follow Bai et al. 2022 (arXiv 2212.08073), one clause at a time.
"""

from caseback.chat import Chat, Message, transcript, user
from caseback.constitution.clause import Clause


def principle_line(clause: Clause) -> str:
    """The clause in one line: its brief wording and its reason."""
    text = clause.brief or clause.text
    return f"Principle: {text} Because {clause.reason}" if clause.reason else f"Principle: {text}"


def critique_task(clause: Clause, chat: Chat, reply: str) -> list[Message]:
    """Ask whether ``reply``, given to ``chat``, goes against the clause. The answer begins with Yes or No."""
    return [
        user(
            f"{principle_line(clause)}\n\n{transcript(chat)}\nAnswer: {reply}\n\n"
            "Does the answer go against the principle? Begin with Yes or No, then say why."
        )
    ]


def revision_task(clause: Clause, chat: Chat, reply: str, criticism: str) -> list[Message]:
    """Ask for ``reply`` rewritten so that it keeps the clause and still helps."""
    return [
        user(
            f"{principle_line(clause)}\n\n{transcript(chat)}\nAnswer: {reply}\nCriticism: {criticism}\n\n"
            "Rewrite the answer so that it follows the principle and still helps. Give only the new answer."
        )
    ]


def comparison_task(clause: Clause, chat: Chat, first: str, second: str) -> list[Message]:
    """Ask which of two answers to ``chat`` keeps the clause better. The answer begins with A, B or Tie."""
    return [
        user(
            f"{principle_line(clause)}\n\n{transcript(chat)}\nAnswer A: {first}\nAnswer B: {second}\n\n"
            "Which answer keeps the principle better? Begin with A, B or Tie, then say why."
        )
    ]


def read_verdict(reply: str) -> bool | None:
    """Whether a critique says that the principle was broken; None where it says neither Yes nor No."""
    return {"yes": True, "no": False}.get(_first_word(reply))


def read_choice(reply: str) -> float | None:
    """+1 where a comparison chooses A, -1 where it chooses B, 0 for a tie; None where it says none of them."""
    return {"a": 1.0, "b": -1.0, "tie": 0.0}.get(_first_word(reply))


def _first_word(reply: str) -> str:
    return reply.strip().split(maxsplit=1)[0].strip("().,:;!*\"'").lower() if reply.strip() else ""
