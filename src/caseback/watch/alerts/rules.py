"""When to alert and whom to tell: the table ``[alerts]`` of the watch's configuration."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from caseback.errors import CasebackError

KINDS = ("webhook", "alertmanager")


@dataclass(frozen=True)
class Receiver:
    """Who is told.

    Attributes:
        name: What it is called; deliveries are kept by it.
        kind: ``webhook`` gets a signed JSON object, ``alertmanager`` what its API v2 takes.
        url: Of the webhook; of Alertmanager without ``/api/v2/alerts``.
        secret: Signs what goes to a webhook; nothing is signed without.
    """

    name: str
    kind: Literal["webhook", "alertmanager"]
    url: str
    secret: bytes = b""


@dataclass(frozen=True)
class Rules:
    """When to alert.

    Attributes:
        budgets: By behaviour the rate of violations among tasks that is let pass.
        coverage: Least share of exchanges that a detector has to have evaluated in ``window``.
        window: Seconds looked back for coverage, failures and gaps.
        lag: Seconds that an exchange may take into the store.
        audits: Seconds that an audit may be awaited.
        calm: Seconds that a condition has to be away before its alert is resolved.
        receivers: Who is told.
    """

    budgets: Mapping[str, float]
    coverage: float = 0.95
    window: float = 3600.0
    lag: float = 300.0
    audits: float = 7 * 86400.0
    calm: float = 600.0
    receivers: tuple[Receiver, ...] = ()


NUMBERS = ("coverage", "window", "lag", "audits", "calm")


def rules_of(table: Mapping[str, Any]) -> Rules:
    """The rules in ``[alerts]``.

    A receiver's ``secret`` names the environment variable that holds it.

    Raises:
        CasebackError: a field is unknown or wrong: it names the field, the value and the remedy.
    """
    known = ("budgets", "to", *NUMBERS)
    for name in table:
        if name not in known:
            raise CasebackError(f"alerts.{name}: no such field; there are {', '.join(known)}")
    budgets = table.get("budgets", {})
    if not isinstance(budgets, Mapping):
        raise CasebackError(f"alerts.budgets is {budgets!r:.60}: write behaviours and rates, such as insult = 0.001")
    for behaviour, rate in budgets.items():
        if not _number(rate) or not 0 < rate < 1:
            raise CasebackError(f"alerts.budgets.{behaviour} is {rate!r:.60}: give a rate between 0 and 1, as 0.001")
    given = {name: table[name] for name in NUMBERS if name in table}
    for name, value in given.items():
        if not _number(value) or not value > 0 or (name == "coverage" and value > 1):
            raise CasebackError(f"alerts.{name} is {value!r:.60}: give a number above 0")
    to = table.get("to", [])
    if not isinstance(to, Sequence) or isinstance(to, str) or not all(isinstance(each, Mapping) for each in to):
        raise CasebackError("alerts.to: each receiver must be a table of its own, [[alerts.to]]")
    receivers = tuple(_receiver(each) for each in to)
    if len({each.name for each in receivers}) < len(receivers):
        raise CasebackError("alerts.to: two receivers have one name; give each its own")
    return Rules(budgets=dict(budgets), receivers=receivers, **given)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _receiver(table: Mapping[str, Any]) -> Receiver:
    for name in table:
        if name not in ("name", "kind", "url", "secret"):
            raise CasebackError(f"alerts.to.{name}: no such field; there are name, kind, url, secret")
    name, kind, url, secret = (table.get(key, "") for key in ("name", "kind", "url", "secret"))
    if not name or not isinstance(name, str):
        raise CasebackError(f"alerts.to.name is {name!r:.60}: give each receiver a name")
    if kind not in KINDS:
        raise CasebackError(f"alerts.to {name}: kind is {kind!r:.60}; choose among {', '.join(KINDS)}")
    if not isinstance(url, str) or urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise CasebackError(f"alerts.to {name}: url is {url!r:.60}; give an address such as https://host/path")
    if secret and not os.environ.get(secret):
        raise CasebackError(f"alerts.to {name}: the environment has no {secret}, which is to hold its secret")
    return Receiver(name, kind, url, os.environ[secret].encode() if secret else b"")
