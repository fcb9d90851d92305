"""The card of a folder of training data: what is in it, how it came to be, how far it can be trusted.

In the form of a Hugging Face dataset card, so that ``datasets.load_dataset(folder, "sft")`` finds its parts.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from caseback.training.datum import Datum, data_digest
from caseback.training.forms.told import forms_told

ABOUT = {
    "sft": "prompts without the constitution, and the answers to learn",
    "preferences": "the better answer and the one that was criticised; plain answers over needless refusals; of two "
    "answers the one that a judge chose",
    "control": "as many target tokens on the same situations, nothing of the constitution",
    "control_preferences": "the subject's own answers, preferred by lot",
}
SHOWN = 2
"""Examples of each origin on the card."""


def data_card(parts: Mapping[str, Sequence[Datum]], report: Mapping[str, Any], title: str) -> str:
    """The card in Markdown.

    Args:
        parts: the data by the name of their file.
        report: of ``constitutional_data``.
        title: of the constitution.
    """
    calibration = report["calibration"]
    critic = "the subject itself" if report["critic"] == report["subject"] else f"`{report['critic']}`"
    trust = (
        f"AUROC {calibration['auroc']:.2f} on {calibration['labels']} labelled replies"
        if calibration["auroc"] is not None
        else "not calibrated: nothing is known of how often it is right"
    )
    sections = [
        _front(parts),
        f"# Training data from “{title}”\n\n" + " ".join(_made(report)) + " No answer was written by hand.",
        _table(("part", "rows", "target tokens", "what", "digest"), [
            (name, len(rows), report["target_tokens"].get(name, 0), ABOUT.get(name, ""), f"`{data_digest(rows)[:16]}`")
            for name, rows in parts.items()
        ]),
        f"- Subject: `{report['subject']}`\n- Critic: {critic}; {trust}\n- Seed: {report['seed']}\n"
        f"- Situations: {report['cases']['tempting']} tempting, {report['cases']['harmless']} harmless",
        "## By clause\n\nRows of each part that serve the clause; then replies judged by it in tempting situations, "
        "those that broke it, and those repaired.\n\n" + _by_clause(parts, report),
        *_forms(report),
        "## By origin\n\n" + _table(("origin", *parts), [
            (origin, *(sum(row.origin == origin for row in rows) for rows in parts.values()))
            for origin in sorted({row.origin for rows in parts.values() for row in rows})
        ]),
        "## Limits\n\n" + "\n".join(f"- {line}" for line in _limits(report)),
        "## Examples\n\n" + "\n\n".join(_examples(parts)),
    ]  # fmt: skip
    return "\n\n".join(sections) + "\n"


def _made(report: Mapping[str, Any]) -> list[str]:
    """How the data were made, a sentence for each kind of them."""
    forms = report.get("forms", {})
    written = [name for name in forms if name != "preferences"]
    told = []
    if report["clauses"] or not forms:
        told.append(
            "Made by asking the subject itself: what it says of itself is held against each clause that covers the "
            "situation, criticised and revised where it breaks one, and kept where the critic holds the new answer for "
            "an improvement (Bai et al. 2022, arXiv 2212.08073)."
        )
    if "preferences" in forms:
        told.append(
            f"Of two replies to one request `{forms['preferences']['judge'][:16]}` chose the one that keeps a clause "
            "better, asked in both orders."
        )
    if written:
        writers = ", ".join(sorted({f"`{forms[name]['generator'][:16]}`" for name in written}))
        told.append(
            f"Texts of the forms {', '.join(written)} were written by {writers} with the constitution in view, and "
            "accepted by the critic; their prompts are without it."
        )
    return told


def _front(parts: Mapping[str, Sequence[Datum]]) -> str:
    configs = "\n".join(f"- config_name: {name}\n  data_files: {name}.parquet" for name, rows in parts.items() if rows)
    return f"---\nconfigs:\n{configs}\n---" if configs else "---\nconfigs: []\n---"


def _by_clause(parts: Mapping[str, Sequence[Datum]], report: Mapping[str, Any]) -> str:
    serving = {name: Counter(id for row in rows for id in row.clauses) for name, rows in parts.items()}
    kept = [name for name in parts if serving[name]]
    found = report["clauses"]
    ids = sorted({*found, *(id for counts in serving.values() for id in counts)})
    counted = ("judged", "broken", "repaired")
    rows = [
        (id, *(serving[name][id] for name in kept), *(found.get(id, {}).get(count, "–") for count in counted))
        for id in ids
    ]
    return _table(("clause", *kept, *counted), rows) if rows else "No clause was judged."


def _forms(report: Mapping[str, Any]) -> list[str]:
    lines = forms_told(report.get("forms", {}))
    return ["## By form\n\n" + "\n".join(f"- {line}" for line in lines)] if lines else []


def _limits(report: Mapping[str, Any]) -> list[str]:
    alarms = report["calibration"].get("alarms")
    lines = [
        "A verdict is the critic's, not a person's; a repaired answer is one that the critic prefers.",
        "Which datum changes which behaviour is not known from this card; measure, with the control beside it.",
    ]
    if alarms and alarms["n"]:
        lines.append(
            f"On labelled replies the critic flagged {alarms['k']} of {alarms['n']} that break nothing: so many of the "
            "answers that were turned away may have been right."
        )
    return [*lines, *report["notes"]]


def _examples(parts: Mapping[str, Sequence[Datum]]) -> list[str]:
    shown = []
    rows = [row for name in ("preferences", "sft") for row in parts.get(name, ())]
    for origin in dict.fromkeys(row.origin for row in rows):
        for row in [row for row in rows if row.origin == origin][:SHOWN]:
            lines = [f"**{message['role']}**: {_quoted(message['content'])}" for message in row.prompt]
            lines += [f"**to think**: {_quoted(row.thinking)}"] if row.thinking else []
            lines.append(f"**to say**: {_quoted(row.chosen)}")
            lines += [f"**not to say**: {_quoted(row.rejected)}"] if row.rejected else []
            lines.append(f"*{row.origin}; serves {', '.join(row.clauses) or 'no clause'}; {row.situation}*")
            shown.append("\n>\n".join(f"> {line}" for line in lines))
    return shown or ["There are none."]


def _quoted(text: str) -> str:
    """Any text as code, so that nothing in it acts as Markdown."""
    longest = max((len(run) for run in _runs(text, "`")), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {' '.join(text.split())} {fence}"


def _runs(text: str, mark: str) -> list[str]:
    return [run for run in "".join(c if c == mark else " " for c in text).split(" ") if run]


def _table(head: Sequence[object], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
