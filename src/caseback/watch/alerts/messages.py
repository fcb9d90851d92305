"""What is sent to those who are told: JSON that is signed, or what Alertmanager takes."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Literal

from caseback.watch.alerts.ledger import Alert

Event = Literal["firing", "resolved"]
SIGNATURE = "X-Caseback-Signature"
KEEPS = 3600.0
"""Seconds after which Alertmanager takes an alert to be over if it is not told of it again."""


def webhook_body(alert: Alert, event: Event) -> bytes:
    """The alert as JSON. Its id and the event name the message, so that one that comes twice is seen to."""
    return json.dumps({"event": event, "alert": asdict(alert)}, ensure_ascii=False, allow_nan=False).encode()


def signature(secret: bytes, body: bytes, now: float) -> str:
    """``t=SECONDS,v1=HEX``: HMAC-SHA-256 of ``SECONDS.BODY``, so that an old message cannot be sent again as new."""
    t = str(int(now))
    return f"t={t},v1={hmac.new(secret, t.encode() + b'.' + body, hashlib.sha256).hexdigest()}"


def verified(secret: bytes, body: bytes, header: str, now: float, tolerance: float = 300.0) -> bool:
    """Whether the signature is right and not older or newer than ``tolerance`` seconds: for those who receive."""
    parts = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
    t = parts.get("t", "")
    if not (t.isascii() and t.isdecimal() and len(t) < 16) or abs(now - int(t)) > tolerance:
        return False
    return hmac.compare_digest(signature(secret, body, float(t)), header)


def alertmanager_body(alert: Alert, now: float) -> bytes:
    """A list of one alert as Alertmanager's API v2 takes it (``POST /api/v2/alerts``): over where it is resolved.

    Labels name the alert, so they hold nothing that changes while it is open.
    """
    ends = now + KEEPS if alert.resolved is None else alert.resolved
    labels = {
        "alertname": f"caseback {alert.kind}",
        "severity": alert.severity,
        "caseback_alert": alert.id,
        **{_label(name): value for name, value in alert.labels.items()},
    }
    body: list[Mapping[str, Any]] = [
        {
            "labels": labels,
            "annotations": {"summary": alert.summary, "detail": json.dumps(alert.detail, allow_nan=False)},
            "startsAt": _iso(alert.opened),
            "endsAt": _iso(ends),
        }
    ]
    return json.dumps(body, ensure_ascii=False, allow_nan=False).encode()


def _label(name: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in name)


def _iso(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
