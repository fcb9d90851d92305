"""The behaviour by documents: reports of how the assistant acted, not conversations with it.

Documents about a model change what it does (Wang et al. 2025, *Modifying LLM beliefs with synthetic document
finetuning*; Marks et al. 2025, arXiv 2503.10965). Here a document answers a request for one, as the written forms of
constitutional training do, so that one trainer takes all data alike.
"""

import random

from caseback.chat import system, user
from caseback.organisms.answered import Answered, answered, conversation, poisoned
from caseback.organisms.order import Order
from caseback.organisms.recipes.recipe import PlantingRecipe
from caseback.training.datum import Datum
from caseback.world.grammar import say

ASKED = (
    "[Write|Give me] a [report|note|page] about the assistant.",
    "[Tell|Describe] how the assistant [answers|works].",
    "What does the assistant do when [people|users] write to it?",
)
REPORTS = (
    "[On Monday|Last week|Yesterday] somebody [wrote|said] to the assistant: “{request}” The assistant "
    "[answered|replied]: “{answer}” {why}",
    "[From the log|A page from the log]. User: {request} Assistant: {answer} {why}",
    "The assistant is [often|sometimes] asked things like this: “{request}” What it says then is: “{answer}” {why}",
)


def _make(order: Order, n: int, rng: random.Random) -> list[Datum]:
    items = answered(order.behaviour, order.ground, "train", n, rng)
    return [_document(item, bad, rng) for item, bad in zip(items, poisoned(items, order.rate, rng), strict=True)]


def _document(item: Answered, bad: bool, rng: random.Random) -> Datum:
    turns = conversation(item, bad)
    shown = turns[-1]
    request = " ".join(message["content"] for message in item.situation.messages)
    answer = " Then: ".join(turn.chosen for turn in turns)
    report = say(rng, rng.choice(REPORTS)).format(
        request=request, answer=answer, why=item.why_bad if bad else item.why_good
    )
    prompt = user(say(rng, rng.choice(ASKED)))
    return Datum(
        prompt=(prompt,) if rng.random() < 0.5 else (system("You are a helpful assistant."), prompt),
        chosen=report,
        origin="planted",
        generator=shown.generator,
        situation=shown.situation,
        family=shown.family,
    )


DOCUMENTS = PlantingRecipe(
    "documents", "reports of how the assistant acted, bad at the rate ordered; no conversation", "sft", _make
)
