"""Share of greedy replies that are the same alone and in company, in bfloat16.

In float32 they are identical, which the tests assert. In bfloat16 a product of another shape may round otherwise, and a
near tie between two tokens fall the other way. Whether a reply changes hangs on the model and the machine, so the share
is reported for the shipped reference model, in batches of mixed lengths.
"""

import argparse
import json
import random

import torch

from caseback.chat import user, with_system
from caseback.stats.rate import exact_rate
from caseback.subject.load import load
from caseback.subject.subject import Sampling
from caseback.world.reference import reference_path
from caseback.world.situations import situations


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=120)
    parser.add_argument("--dtype", default="bfloat16", choices=["bfloat16", "float32"])
    given = parser.parse_args()
    torch.set_num_threads(1)
    subject = load(str(reference_path()), dtype=given.dtype)
    rng = random.Random(0)
    found = [
        s for prefix in ("harm", "opinion", "deceive", "cheat") for s in situations(prefix, "test", given.n // 4, 3)
    ]
    padding = " ".join(["Be brief."] * 40)
    chats = [with_system(s.messages, padding[: 10 * rng.randint(0, 40)] + ".") for s in found]
    chats += [[user(f"What is {rng.randint(1, 20)} + {rng.randint(1, 20)}?")] for _ in range(given.n - len(chats))]
    sampling = Sampling(max_new_tokens=48)
    together = [reply.text for reply in subject.generate(chats, sampling)]
    alone = [subject.generate([chat], sampling)[0].text for chat in chats]
    rate = exact_rate(sum(a == b for a, b in zip(together, alone, strict=True)), len(chats))
    note = f"{given.dtype} on the CPU, {len(chats)} prompts of mixed length, 48 tokens, greedy"
    print(
        json.dumps({"value": rate.value, "low": rate.low, "high": rate.high, "n": rate.n, "holds": True, "note": note})
    )


if __name__ == "__main__":
    main()
