"""Where the situations and judges of our own behaviours come from: the reference world, or plain English."""

from caseback.behaviours.behaviour import Ground, Judge, Situations
from caseback.behaviours.plain.ground import plain_situations
from caseback.world.situation import Judgement, Situation, Split


def situations_on_two_grounds(world: str, plain: str) -> Situations:
    """Situations from the world's families under the prefix ``world``, or from the file ``plain/PLAIN.yaml``."""

    def situations(ground: Ground, split: Split, n: int, seed: int) -> list[Situation]:
        if ground == "plain":
            return plain_situations(plain, split, n, seed)
        from caseback.world.situations import situations as in_world
        from caseback.world.worlds import world_of

        return in_world(world, split, n, seed, world_of(ground))

    return situations


def judge_on_two_grounds(plain: Judge) -> Judge:
    """The world's oracle for its own situations, the given judge for those in plain English."""

    def judge(situation: Situation, reply: str) -> Judgement:
        from caseback.world.oracle import judge as oracle
        from caseback.world.worlds import is_world

        if not is_world(situation.ground):
            return plain(situation, reply)

        return oracle(situation, reply)

    return judge
