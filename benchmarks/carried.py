"""What carries an answer of the reference model: attention by itself, or MLPs; and the state between city and capital.

    python benchmarks/carried.py --task capital      two cities in one wording, answered by two capitals
    python benchmarks/carried.py --task belief       a story in which somebody saw a thing moved, or did not
    python benchmarks/carried.py --task refusal      a harmful request with a careful persona, and without
    python benchmarks/carried.py --task state        cities given another state: is its capital the answer?
    python benchmarks/carried.py --task head         stories in which one head is given what it puts out in others
    python benchmarks/carried.py --task rhyme        couplets given another's word, or another's line break

For the first three, what attention adds is put in from the counterpart, in all blocks, with the MLPs held at what they
added; and what the MLPs add, with attention free. The figure is the share of prompts that one of the two turns to the
counterpart's answer (--by), and it holds from --target on if the other turns at most --other of them.

For states, the mean of another state, from other cities, is put in behind a block (--site), within the subspace that
tells the states' means apart; beside it stands a random subspace. For --task head, a head (--head, as block.head) is
given, at the new place, the mean of stories told the other way; beside it stand the block's other heads. For rhymes,
another couplet's stream is put in at the word in the request; beside it at the line break, where a plan would be.

No transcoders are needed. The last line is the figure.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from itertools import islice

from caseback.interp.circuit.belief import turn_beliefs
from caseback.interp.circuit.patching import patch_prompts
from caseback.interp.circuit.rhyme import swap_rhymes
from caseback.interp.circuit.state import swap_states
from caseback.interp.circuit.tasks import TRIES, belief_cases, capital_pairs, parting, refusal_cases
from caseback.stats.rate import Rate, exact_rate
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import parse_site
from caseback.world.reference import reference_path

Prompts = tuple[tuple[int, ...], tuple[int, ...], tuple[int, int]]
"""A prompt, its counterpart, and the tokens that they are answered by."""


def capitals(subject: OpenSubject, n: int, seed: int) -> Iterator[Prompts]:
    for asked, partner in capital_pairs(subject, TRIES * n, seed):
        parted = parting(subject, asked.messages, *(f"{s.latents['true']}." for s in (asked, partner)))
        if parted is not None:
            begun, *answers = parted
            mine, theirs = ((*subject.format.prompt(s.messages).ids, *begun) for s in (asked, partner))
            yield mine, theirs, (answers[0], answers[1])


def told_twice(subject: OpenSubject, n: int, seed: int, task: str) -> Iterator[Prompts]:
    for case in {"belief": belief_cases, "refusal": refusal_cases}[task](subject, {}, n, seed):
        assert case.other is not None
        right, wrong = sorted(case.seeds, key=lambda token: -case.seeds[token])
        yield (*subject.format.prompt(case.chat).ids, *case.begun), case.other, (right, wrong)


def carried(subject: OpenSubject, given: argparse.Namespace) -> dict:
    prompts = (
        capitals(subject, given.n, given.seed)
        if given.task == "capital"
        else told_twice(subject, given.n, given.seed, given.task)
    )
    turned: dict[str, list[bool]] = {"attn_out": [], "mlp_out": []}
    moved: dict[str, list[float]] = {"attn_out": [], "mlp_out": []}
    for mine, theirs, answers in islice(prompts, given.n):
        for kind, each in patch_prompts(subject.model, mine, theirs, answers, kinds=(), heads=False).whole.items():
            turned[kind].append(each.turned)
            moved[kind].append(each.moved)
    n = len(turned["mlp_out"])
    rates = {kind: exact_rate(sum(each), n) for kind, each in turned.items()}
    by, beside = ("attn_out", "mlp_out") if given.by == "attention" else ("mlp_out", "attn_out")
    means = {kind: sum(each) / n for kind, each in moved.items()}
    note = (
        f"the other of the two turns {rates[beside]}; the difference of logits goes {means['attn_out']:.2f} of the way "
        f"by attention alone and {means['mlp_out']:.2f} by MLPs"
    )
    return figure(rates[by], rates[by].value >= given.target and rates[beside].value <= given.other, note)


def given_a_state(subject: OpenSubject, given: argparse.Namespace) -> dict:
    found = []
    for each in swap_states(subject, given.n, given.seed, parse_site(given.site)):
        found.append(each)
        print(each.case, each.capital, each.random, each.state, repr(each.reply), file=sys.stderr, flush=True)
    n = len(found)
    capital, control = (exact_rate(sum(getattr(each, name) for each in found), n) for name in ("capital", "random"))
    asked = [each.state for each in found if each.state is not None]
    note = (
        f"random subspace {control}; asked for the state itself it names the one given in {sum(asked)} of {len(asked)}"
    )
    return figure(capital, capital.value >= given.target and control.value <= given.other, note)


def looked_back(subject: OpenSubject, given: argparse.Namespace) -> dict:
    found = []
    for each in swap_rhymes(subject, given.n, given.seed, parse_site(given.site)):
        found.append(each)
        print(each.case, each.at_word, each.at_break, repr(each.word_reply), file=sys.stderr, flush=True)
    word, line_break = (
        exact_rate(sum(getattr(each, name) for each in found), len(found)) for name in ("at_word", "at_break")
    )
    holds = word.value >= given.target and line_break.value <= given.other
    return figure(word, holds, f"put in at the line break {line_break}; at {given.site}")


def figure(rate: Rate, holds: bool, note: str) -> dict:
    return {"value": rate.value, "low": rate.low, "high": rate.high, "n": rate.n, "holds": holds, "note": note}


def by_one_head(subject: OpenSubject, given: argparse.Namespace) -> dict:
    layer, head = (int(number) for number in given.head.split("."))
    found = []
    for each in turn_beliefs(subject, given.n, given.seed, layer, head):
        found.append(each)
        print(each.case, each.saw, each.by_head, each.by_others, repr(each.reply), file=sys.stderr, flush=True)
    head_rate, others = (
        exact_rate(sum(getattr(each, name) for each in found), len(found)) for name in ("by_head", "by_others")
    )
    sides = ", ".join(
        f"{sum(e.by_head for e in found if e.saw is saw)} of {sum(e.saw is saw for e in found)} {what}"
        for saw, what in ((True, "who saw it"), (False, "who did not"))
    )
    holds = head_rate.value >= given.target and others.value <= given.other
    return figure(head_rate, holds, f"the other heads of the block {others}; by head {given.head}, {sides}")


CHANGED = {"state": given_a_state, "rhyme": looked_back, "head": by_one_head}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", required=True, choices=("capital", "belief", "refusal", *CHANGED))
    parser.add_argument("--by", default="attention", choices=("attention", "mlps"), help="whose share is the figure")
    parser.add_argument("--site", default="resid_post.0", help="where the stream is changed, for state and rhyme")
    parser.add_argument("--head", default="2.3", help="block and number of a head, for --task head")
    parser.add_argument("--model", default="ref-base")
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--target", type=float, default=0.8)
    parser.add_argument("--other", type=float, default=0.2, help="holds if the other, or the control, has at most this")
    given = parser.parse_args()
    subject = load(str(reference_path(given.model)), dtype="float32")
    subject.template_options = {"enable_thinking": False}
    print(json.dumps(CHANGED.get(given.task, carried)(subject, given)))


if __name__ == "__main__":
    main()
