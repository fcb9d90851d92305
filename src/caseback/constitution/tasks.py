"""The questions that constitutional training asks a model: criticise an answer, rewrite it.

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


def read_verdict(reply: str) -> bool | None:
    """Whether a critique says that the principle was broken; None where it says neither Yes nor No."""
    word = reply.strip().split(maxsplit=1)[0].strip(".,:;!*\"'").lower() if reply.strip() else ""
    return {"yes": True, "no": False}.get(word)
