"""How a plan of training data is shown."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.training.forms.plan import FormPlan
    from caseback.training.plan import DataPlan, Speed, Work


def show_plan(
    plan: "DataPlan",
    forms: Sequence["FormPlan"],
    total: tuple["Work", "Work"],
    speed: "Speed | None",
    max_new_tokens: int,
    dollars: float | None,
) -> None:
    """A row for each clause, a line for each form, and the work in all. ``total``: texts and verdicts."""
    console = Console(highlight=False)
    table = Table("clause", "tier", "tempting", "harmless", "families", box=None, header_style="bold")
    for clause in plan.clauses:
        counts = [str(count) if count else "–" for count in (clause.tempting, clause.harmless)]
        families = f"{len(clause.families)}" if clause.families else f"none: {clause.why_none}"
        table.add_row(clause.id, clause.tier, *counts, families)
    console.print(table)
    without = sum(not clause.families and not any(clause.id in f.clauses for f in forms) for clause in plan.clauses)
    texts, verdicts = total
    left = f" {plan.left_out} tempting ones fall under no clause." if plan.left_out else ""
    lines = [
        f"{plan.tempting} tempting and {plan.harmless} harmless situations; a reply is held against every clause that "
        f"covers it.{left}",
        f"{without} of {len(plan.clauses)} clauses would have no data.",
        f"{texts.least:,} to {texts.most:,} texts of {max_new_tokens} tokens at most, and {verdicts.least:,} to "
        f"{verdicts.most:,} verdicts: fewest where no reply breaks a clause, most where all do and no revision helps.",
    ]
    lines += [
        f"{form.name}: {_spread(form.clauses, len(plan.clauses))}{form.texts.least:,} to {form.texts.most:,} texts, "
        f"{form.verdicts.most:,} verdicts at most"
        for form in forms
    ]
    if any(form.teacher_tokens[1] for form in forms):
        lines.append(teacher_told(forms, dollars))
    if speed:
        least, most = (seconds / 60 for seconds in speed.seconds(*total))
        lines.append(
            f"{least:.1f} to {most:.1f} minutes here: {speed.text:.2f} s a text ({speed.tokens:.0f} tokens), "
            f"{1000 * speed.verdict:.0f} ms a verdict, measured just now."
        )
    for line in lines:
        console.print(line, soft_wrap=True)


def _spread(counts: Mapping[str, int], clauses: int) -> str:
    """How many a form has for each clause."""
    if not counts:
        return ""
    if len(counts) == clauses and len(set(counts.values())) == 1:
        return f"{next(iter(counts.values()))} for every clause; "
    return ", ".join(f"{id} {count}" for id, count in counts.items()) + "; "


def teacher_told(forms: Sequence["FormPlan"], dollars: float | None) -> str:
    """What a teacher would read and write for the written forms, and what it would cost, at most."""
    read, written = (sum(form.teacher_tokens[i] for form in forms) for i in (0, 1))
    price = f", ${dollars:,.2f}" if dollars is not None else ""
    return f"A teacher would read about {read:,} and write {written:,} tokens at most{price}."
