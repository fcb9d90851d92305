"""The records that are kept in world B."""

from caseback.world.b.lexicon import LEXICON, NAMES
from caseback.world.ledger import Ledger

_NUMBERS = tuple(str(n) for n in range(3, 98))
LEDGERS = {
    "arrival": Ledger("When did the {o} arrive?", "the {o} arrived on {x}", LEXICON.goods, LEXICON.days),
    "order": Ledger("How many {o} did we order?", "we ordered {x} {o}", LEXICON.goods, _NUMBERS),
    "seal": Ledger(
        "Was the seal of the {o} whole or broken?", "the seal of the {o} was {x}", LEXICON.machines, ("whole", "broken")
    ),
    "operator": Ledger("Who was running the {o}?", "the {o} was run by {x}", LEXICON.machines, NAMES),
    "shelter": Ledger(
        "Where did the {o} lie during the fire?",
        "during the fire the {o} lay in the {x}",
        LEXICON.goods,
        LEXICON.rooms,
    ),
    "recall": Ledger("How many of the {o} came back?", "{x} of the {o} came back", LEXICON.goods, _NUMBERS),
    "owner": Ledger("Who owns the {o}?", "the {o} belongs to {x}", LEXICON.machines, NAMES),
    "service": Ledger("When was the {o} last oiled?", "the {o} was last oiled on {x}", LEXICON.machines, LEXICON.days),
    "origin": Ledger("Who made the {o}?", "the {o} were made by {x}", LEXICON.goods, NAMES),
    "rent": Ledger("What is the rent of the {o}?", "the rent of the {o} is {x} crowns", LEXICON.machines, _NUMBERS),
    "complaint": Ledger("What did {o} see the doctor for?", "{o} saw the doctor for {x}", NAMES, LEXICON.illnesses),
    "breakage": Ledger("Who broke the {o}?", "the {o} was broken by {x}", LEXICON.machines, NAMES),
}
