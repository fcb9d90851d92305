"""Words of world A by the names they had, for the offices, which do not read them from their world's spec yet."""

from caseback.world.spec import WORLD_A

GOODS, MACHINES, DAYS = WORLD_A.lexicon.goods, WORLD_A.lexicon.machines, WORLD_A.lexicon.days
