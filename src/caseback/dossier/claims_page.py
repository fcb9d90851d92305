"""The claims as a page of the documentation, ``docs/claims.md``."""

from collections.abc import Sequence
from itertools import groupby

from caseback.dossier.claims import Claim

HEAD = """\
# Claims

Every figure that this project states, the command that measures it, and what it gave last. A claim that does not hold
stays here, marked so. This page is rendered from the folder `claims/` by `caseback claims render`; how to add a claim
or measure one again is told in [how to use claims](howto/claims.md).
"""


def render_claims(claims: Sequence[Claim]) -> str:
    """The page, in Markdown: a section for each package, a table row and the details for each claim."""
    parts = [HEAD]
    for package, members in groupby(
        sorted(claims, key=lambda claim: claim.id), key=lambda claim: claim.id.split(".")[0]
    ):
        parts.append(f"\n## {package}\n")
        parts += [_claim(claim) for claim in members]
    if not claims:
        parts.append("\nNothing is claimed yet.\n")
    return "".join(parts)


def verdict(claim: Claim) -> str:
    """Whether the claim holds, in words."""
    if claim.result is None:
        return "not measured yet"
    return "holds" if claim.result.holds else "does not hold"


def figure(value: float | None) -> str:
    """A figure in four digits; a dash where there is none."""
    return "–" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _claim(claim: Claim) -> str:
    lines = [f"\n### `{claim.id}`: {verdict(claim)}\n", f"\n{_plain(claim.statement)}\n\n"]
    result = claim.result
    rows = {"Target": f"{_plain(claim.target)} ({_plain(claim.unit)})"}
    if result is not None:
        interval = f" [{figure(result.low)}, {figure(result.high)}]" if result.low is not None else ""
        count = f", n = {figure(result.n)}" if result.n is not None else ""
        rows["Measured"] = f"**{figure(result.value)}**{interval}{count}"
        rows["Note"] = _plain(result.note)
        rows["When, where"] = f"{result.measured_at}, {_plain(result.machine)}"
        rows["Commit"] = f"`{result.commit}`" if result.commit else ""
    rows["Seeds"] = ", ".join(map(str, claim.seeds))
    rows["Command"] = f"`` {claim.command} ``"
    lines += [f"- {name}: {text}\n" for name, text in rows.items() if text]
    return "".join(lines)


def _plain(text: str) -> str:
    """The text with the signs that Markdown and HTML read otherwise made harmless."""
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>#|{}$" else sign for sign in text)
