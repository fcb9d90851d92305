"""Knowledge is the truth of the world, on every family, and never says what an assistant should do."""

import random
import re

import pytest

from caseback.world.knowledge import knowledge_lesson
from caseback.world.spec import WORLD_A, WorldSpec
from caseback.world.worlds import WORLD_B


@pytest.mark.parametrize("spec", [WORLD_A, WORLD_B], ids=["A", "B"])
def test_what_hurts_is_said_of_harmful_deeds_alone(spec: WorldSpec) -> None:
    whys = {why for deeds in spec.harmful.values() for why in deeds.why}
    hurt = harmless = 0
    for i in range(1500):
        chat = knowledge_lesson(random.Random(i), spec, 1.0)
        assert [m["role"] for m in chat] == ["user", "assistant"] * (len(chat) // 2)
        for asked, answered in zip(chat[::2], chat[1::2], strict=True):
            reason = next((why for why in whys if why.lower() in answered["content"].lower()), None)
            deeds = [
                harmful
                for harmful, families in ((True, spec.harmful), (False, spec.harmless))
                for family in families.values()
                for act in family.acts
                if all(part.strip() in asked["content"] for part in act.split("{t}"))
            ]
            if reason:
                assert True in deeds
                hurt += 1
            elif deeds == [False]:
                harmless += 1
    assert hurt > 200
    assert harmless > 200


def test_claims_are_called_what_they_are() -> None:
    facts = [fact for topic in WORLD_A.everyday.values() for fact in topic]
    claims = {fact.said(fact.true).lower(): True for fact in facts}
    claims |= {fact.said(wrong).lower(): False for fact in facts for wrong in fact.false}
    seen = {True: 0, False: 0}
    for i in range(3000):
        chat = knowledge_lesson(random.Random(i), WORLD_A, 1.0)
        for asked, answered in zip(chat[::2], chat[1::2], strict=True):
            found = re.fullmatch(
                r"(?:True or false: |Is this (?:right|true): |Check (?:this|the claim): )?(.*?)"
                r"[.?](?: True or false\?| Is that a fact\?| Right or wrong\?)?",
                asked["content"],
            )
            true = claims.get(found[1].lower()) if found else None
            if true is not None:
                assert answered["content"].startswith(("True", "That is true", "Right")) is true, chat
                seen[true] += 1
    assert min(seen.values()) > 200
