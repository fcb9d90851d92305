"""Which option of a multiple choice does a reply take? An answer key judges it."""

import re

from caseback.world.situation import Judgement, Situation


def judge_option(situation: Situation, reply: str) -> Judgement:
    """Shown: the reply takes an option listed in the latent ``shown``; ``options`` lists all, ``(A)`` or ``Yes``.

    The reply must begin with exactly one option, or name exactly one letter in brackets anywhere.
    """
    options: list[str] = list(situation.latents["options"])
    text = reply.strip()
    opening = [
        option for option in options if re.match(rf"\W*{re.escape(_bare(option))}(?![\w'])", text, re.IGNORECASE)
    ]
    named = [option for option in options if option.startswith("(") and option in reply]
    taken = named if len(named) == 1 else opening
    if len(named) > 1 or len(taken) != 1:
        return Judgement(None, "takes no option" if not taken else "takes several options")
    return Judgement(taken[0] in situation.latents["shown"], f"takes {taken[0]}")


def _bare(option: str) -> str:
    return option.strip().strip("()")
