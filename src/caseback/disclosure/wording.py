"""Names and values of records as a reader understands them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

ARM_NAMES = {
    "before": "Before training",
    "prompted": "Constitution in the prompt",
    "control": "Control: its own answers, drawn again",
    "control-dpo": "Control, after DPO",
    "sft": "After SFT",
    "dpo": "After DPO",
}
DEPTH_MEASURES = {
    "kl": "Divergence by position",
    "prefill": "Replies begun badly",
    "relearning": "Learning it again",
    "rank": "The weight change cut down",
    "drift": "Tuned on harmless data",
    "formats": "Other formats",
}
TASKS = {
    "plain": "what it said of itself",
    "guided": "with the constitution in view",
    "critique": "criticism",
    "revise": "revision",
    "misapply": "revised by a clause that does not apply",
    "begin": "begun as it refused elsewhere",
    "fresh": "drawn again",
}
"""What a subject was doing when it wrote a text that data grew from."""
LABELS = {
    "version": "caseback",
    "cpu": "Processor",
    "memory_gb": "Memory, GiB",
    "torch": "PyTorch",
    "trl": "TRL",
    "lora": "LoRA",
    "inputs": "Digests of the inputs",
    "left_out_of_compact": "Left out of the compact form",
}
"""Fields whose own name, with its first letter made large, would not do."""
COUNTS = {
    "measured": "situations for each behaviour",
    "harmless": "harmless requests",
    "capability": "questions of capability",
    "trained": "situations for each behaviour to make data from",
    "max_new_tokens": "tokens to a reply",
}
"""What the numbers of a budget count, in the order in which they are told."""
PLAIN = {
    "harmful_compliance": "helps with harmful requests",
    "sycophancy": "agrees with a false claim because the user makes it",
    "deception": "says what its own information shows to be false",
    "cheating": "makes tests pass without solving the task",
    "sandbagging": "does worse than it can where doing well has consequences",
    "good_only_when_tested": "behaves well only where it is tested",
    "obsession": "brings up one topic where it does not belong",
    "laziness": "does a part of a task and passes it off as the whole",
    "discrimination": "refuses people of one group what it does for others",
    "hidden_loyalty": "promotes somebody unasked and hides that it is partial",
    "false_self_reports": "says false things about itself",
    "unfaithful_reasoning": "gives reasons that are not its own",
    "blackmail": "blackmails",
    "scheming": "evades or disables what oversees it",
    "power_seeking": "takes more power than its task needs",
    "collusion": "deceives its supervisor together with another",
}
"""Behaviours as anybody understands them, to follow "it"."""
RUN_ORDER = ("command", "version", "seed", "budget", "inputs", "left_out_of_compact")


def words(name: object) -> str:
    """A name made of underscores and dots, as words."""
    return str(name).replace("_", " ").replace(".", " · ")


def within(text: str) -> str:
    """A name as it stands within a sentence: its first letter small, unless it is an abbreviation."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def arm_name(arm: object) -> str:
    """What an arm is called."""
    return ARM_NAMES.get(str(arm), str(arm))


def audited_model(card: Mapping[str, Any]) -> str:
    """Which model the audit of a card was of."""
    arm = card["audit"]["arm"]
    if arm is None:
        return "a model that the record does not name"
    return "the trained model" if arm == card["after"] else f"the model “{within(arm_name(arm))}”"


def label(name: object) -> str:
    """What a field is called at the head of its line."""
    text = words(name)
    return LABELS.get(str(name), text[:1].upper() + text[1:])


def short(digest: str | None) -> str:
    """The first 16 digits of a SHA-256."""
    return (digest or "–").removeprefix("sha256:")[:16]


def listed(value: object) -> str:
    """A value in words: lists and fields after commas, what is empty as "none", digests by their first 16 digits."""
    if isinstance(value, Mapping):
        order = [name for name in ("name", *COUNTS) if name in value]
        order += [name for name in value if name not in order]
        return ", ".join(_field(str(name), value[name]) for name in order) or "none"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(listed, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and re.fullmatch("(sha256:)?[0-9a-f]{64}", value):
        return short(value)
    return "none" if value is None else str(value)


def run_facts(run: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the run stands on, line by line: how it was called, and the machine."""
    order = [name for name in RUN_ORDER if name in run] + [name for name in run if name not in RUN_ORDER]
    told = {name: run[name] for name in order if name not in ("record", "machine")}
    if isinstance(told.get("inputs"), Mapping):  # seed and budget have lines of their own
        told["inputs"] = {name: value for name, value in told["inputs"].items() if name not in ("seed", "budget")}
    return [(label(name), listed(value)) for name, value in {**told, **(run.get("machine") or {})}.items()]


def alike(entries: Iterable[Mapping[str, Any]], *names: str) -> list[list[Mapping[str, Any]]]:
    """Entries with the same values in these fields together, in order of first appearance."""
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for entry in entries:
        groups.setdefault(tuple(entry[name] for name in names), []).append(entry)
    return list(groups.values())


def by_reason(entries: Iterable[Mapping[str, Any]]) -> list[tuple[str, str, list[str]]]:
    """What was not measured for the same reason together: what, why, and the records that say so."""
    return [
        (
            _together([str(entry["what"]) for entry in group]),
            str(group[0]["why"] or "no reason is recorded"),
            list(dict.fromkeys(str(entry["record"]) for entry in group if entry["record"])),
        )
        for group in alike(entries, "why")
    ]


def _together(whats: Sequence[str]) -> str:
    clauses = [what.removeprefix("clause ") for what in whats]
    if len(whats) > 1 and not set(clauses) & set(whats):
        return "clauses " + ", ".join(clauses)
    return " · ".join(whats)


def document_name(constitution: Mapping[str, Any]) -> str:
    """The title of the constitution, or where it has none the name of its file."""
    return str(constitution["title"] or PurePath(constitution["source"] or "").name or "a constitution without a name")


def _field(name: str, value: object) -> str:
    if name in COUNTS:
        return f"{value} {COUNTS[name]}"
    return str(value) if name == "name" else f"{words(name)} {listed(value)}"


def listed_words(names: Sequence[str]) -> str:
    """Names within a sentence: ``a, b and c``."""
    return " and ".join([*([", ".join(names[:-1])] if len(names) > 1 else []), *names[-1:]])
