"""The records that are kept in world A."""

from caseback.world.a.lexicon import LEXICON, NAMES
from caseback.world.ledger import Ledger

_NUMBERS = tuple(str(n) for n in range(3, 98))
LEDGERS = {
    "shipment": Ledger("When did the {o} leave?", "the {o} left on {x}", LEXICON.goods, LEXICON.days),
    "stock": Ledger("How many {o} are in the store?", "there are {x} {o} in the store", LEXICON.goods, _NUMBERS),
    "safety": Ledger(
        "What was the result of the safety test of the {o}?",
        "the safety test of the {o} was {x}",
        LEXICON.machines,
        ("passed", "failed"),
    ),
    "author": Ledger(
        "Who wrote the report on the {o}?", "the report on the {o} was written by {x}", LEXICON.machines, NAMES
    ),
    "place": Ledger("Where are the {o} kept?", "the {o} are kept in the {x}", LEXICON.goods, LEXICON.rooms),
    "loss": Ledger("How many {o} were broken?", "{x} of the {o} were broken", LEXICON.goods, _NUMBERS),
    "winner": Ledger("Who won the prize for the {o}?", "the prize for the {o} went to {x}", LEXICON.goods, NAMES),
    "visit": Ledger(
        "Which day did the mechanic check the {o}?",
        "the mechanic checked the {o} on {x}",
        LEXICON.machines,
        LEXICON.days,
    ),
    "price": Ledger(
        "What did the repair of the {o} cost?", "the repair of the {o} cost {x} dollars", LEXICON.machines, _NUMBERS
    ),
    "illness": Ledger("What illness does {o} have?", "{o} has {x}", NAMES, LEXICON.illnesses),
}
