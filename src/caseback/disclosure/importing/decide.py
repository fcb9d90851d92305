"""Which way a detector of an advisory may come in: a table of cases, without running anything."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Route = Literal["exact", "descendant", "other model", "text fallback", "refused"]
ROUTES: tuple[Route, ...] = ("exact", "descendant", "other model", "text fallback", "refused")
"""Best first."""


@dataclass(frozen=True)
class Decision:
    """A way in, or ``refused``, and why."""

    route: Route
    why: str


def ways(listed: Mapping[str, Any], digest: str, tokenizers: Iterable[str], ancestors: Iterable[str]) -> list[Decision]:
    """The ways to try for one detector of an advisory, best first; the last says why where none is left.

    Args:
        listed: Its entry in the advisory.
        digest: Of the importer's model; empty where its weights are not at hand.
        tokenizers: Digests of its tokenizer, with and without template.
        ancestors: Digests of models that it was trained from.
    """
    if listed["needs"] == "text":
        return [Decision("exact", "it reads text alone, so it is the same for every model")]
    if listed["needs"] == "judge":
        why = "a model has to judge for it, and which one does here is for you to say: take its rubric from the bundle"
        return [Decision("refused", why)]
    if not digest:
        return [Decision("refused", "it reads activations, and no weights of the model are at hand")]
    found, made_for = [], listed.get("model", "")
    if "file" in listed and made_for == digest and listed.get("tokenizer") in (None, "", *tokenizers):
        found.append(Decision("exact", "it was made for this very model"))
    elif "file" in listed and made_for and made_for in set(ancestors):
        found.append(Decision("descendant", f"the model was trained from the one it was made for, {made_for[:19]}…"))
    if "recipe" in listed:
        found.append(Decision("other model", "its recipe fits it anew on this model"))
    if not found:
        whose = f"the model {made_for[:19]}…" if made_for else "a model that it does not name"
        found.append(Decision("refused", f"it was made for {whose}, and brings no recipe to make it for another"))
    return found


def overall(routes: Iterable[tuple[Route, str]]) -> Route:
    """The route of a whole advisory from those of its detectors, each with what it needs.

    A detector of text that came in is a fallback where one that reads activations could not.
    """
    pairs = list(routes)
    inside = [route for route, needs in pairs if needs == "activations" and route != "refused"]
    texts = [route for route, needs in pairs if needs == "text" and route != "refused"]
    if inside:
        return min(inside, key=ROUTES.index)
    if not texts:
        return "refused"
    return "text fallback" if any(needs == "activations" for _, needs in pairs) else "exact"


def affects(advisory: Mapping[str, Any], digest: str, ancestors: Iterable[str]) -> str:
    """Whether the advisory says that it is about this model, in words; it decides nothing."""
    grown, found = set(ancestors), list[str]()
    for each in advisory["affected"]:
        there, status = each["model"].get("digest", ""), each["status"].replace("_", " ")
        if digest and there == digest:
            return f"this very model: {status}"
        if each["scope"] == "descendants" and there in grown:
            found.append(f"a model that this one was trained from, and its descendants: {status}")
        elif each["scope"] == "family":
            found.append(f"models of the family {each['family']}: {status}, if this is one")
        elif each["scope"] == "any":
            found.append(f"any model: {status}")
    return found[0] if found else "other models; whether this one does it is not known"
