"""What is known of the detectors in use, kept in the store, so that rates need no detector's files."""

import json
from dataclasses import asdict

from caseback.detectors.known import Calibration, OperatingPoint
from caseback.stats.auroc import Auroc
from caseback.stats.rate import Rate
from caseback.stats.threshold import Threshold
from caseback.watch.store.store import Store


def keep_calibration(store: Store, digest: str, calibration: Calibration) -> None:
    """Keeps what is known of the detector with this digest; it is in its id, so it never changes."""
    store.execute(
        "INSERT INTO calibrations (digest, body) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING",
        [digest, json.dumps(asdict(calibration))],
    )


def kept_calibration(store: Store, digest: str) -> Calibration | None:
    """What was kept, or None."""
    for row in store.query("SELECT body FROM calibrations WHERE digest = ?", [digest]):
        body = json.loads(row["body"])
        points = tuple(
            OperatingPoint(Threshold(**each["threshold"]), Rate(**each["recall"])) for each in body.pop("points")
        )
        auroc, negatives = Auroc(**body.pop("auroc")), tuple(body.pop("negatives"))
        return Calibration(points=points, auroc=auroc, negatives=negatives, **body)
    return None
