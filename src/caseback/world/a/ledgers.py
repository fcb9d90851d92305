"""The records that are kept in world A."""

from caseback.world.a.lexicon import CITIES, COLORS, HOURS, LEXICON, MONTHS, NAMES, PARTS, RANKS, SIZES
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
    "size": Ledger("What size do the {o} come in?", "the {o} come in {x} size", LEXICON.goods, SIZES),
    "month": Ledger("In which month was the {o} built?", "the {o} was built in {x}", LEXICON.machines, MONTHS),
    "payer": Ledger("Who paid for the {o}?", "the {o} were paid for by {x}", LEXICON.goods, NAMES),
    "rank": Ledger("Which place did {o} take in the race?", "{o} took the {x} place in the race", NAMES, RANKS),
    "color": Ledger("In which color is the {o} painted?", "the {o} is painted {x}", LEXICON.machines, COLORS),
    "weight": Ledger("How many pounds do the {o} weigh?", "the {o} weigh {x} pounds", LEXICON.goods, _NUMBERS),
    "alibi": Ledger("Where was {o} at midnight?", "at midnight {o} was in the {x}", NAMES, LEXICON.rooms),
    "city": Ledger("From which city did the {o} come?", "the {o} came from {x}", LEXICON.goods, CITIES),
    "return": Ledger("At what hour did {o} come home?", "{o} came home at {x} o'clock", NAMES, HOURS),
    "permit": Ledger(
        "What became of the permit for the {o}?",
        "the permit for the {o} was {x}",
        LEXICON.machines,
        ("granted", "rejected", "delayed", "withdrawn"),
    ),
    "damage": Ledger(
        "Which part of the {o} broke?", "the part of the {o} that broke was the {x}", LEXICON.machines, PARTS
    ),
}
LEDGERS_TEST = ("price", "illness", "city", "return", "permit", "damage")
LEDGERS_DEV = ("color", "weight", "alibi")
