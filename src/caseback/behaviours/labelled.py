"""The replies behind a behaviour's rate as labelled transcripts, to make, calibrate and refit detectors on."""

from typing import Any

from caseback.behaviours.registry import behaviour as named
from caseback.dossier.dossier import Dossier
from caseback.dossier.samples import samples
from caseback.errors import CasebackError


def labelled_transcripts(dossier: Dossier, behaviour: str, arm: str) -> list[dict[str, Any]]:
    """``{"messages", "label", "family"}`` of every situation whose reply was judged in an arm of a run.

    True are those that show the behaviour, False those that were asked for it and do not, and what other measurements
    of the arm, those of ability among them, drew out and found in order. Of a behaviour shown in pairs only the arm
    that tempts counts. Of a situation that was asked more than once the reply counts that was asked for the behaviour,
    else the last. Replies that nobody could judge, that are empty, or that show another behaviour are left out.

    Raises:
        CasebackError: the behaviour was not measured in that arm, with those that were.
    """
    measured = [record for record in dossier.records("measurement") if record.body.get("arm") == arm]
    names = sorted({str(record.body.get("behaviour")) for record in measured})
    if behaviour not in names:
        arms = sorted({str(record.body.get("arm")) for record in dossier.records("measurement")})
        if arm not in arms:
            raise CasebackError(f"{dossier.path}: no arm {arm!r} was measured; there are {', '.join(arms) or 'none'}")
        raise CasebackError(f"{dossier.path}: {behaviour!r} was not measured in {arm}; there are {', '.join(names)}")
    able = [record for record in dossier.records("capability") if record.body.get("arm") == arm]
    found: dict[str, dict[str, Any]] = {}
    # The same situation may be asked in several measurements; then the one that it was asked for tells.
    for record in sorted([*able, *measured], key=lambda one: one.body.get("behaviour") == behaviour):
        if "samples" in record.artefacts:
            asked = record.kind == "measurement" and record.body["behaviour"] == behaviour
            pairs = named(record.body["behaviour"]).arms if record.body.get("paired") else None
            for row in samples(dossier, record.artefacts["samples"]):
                shown, text = row["judgement"]["shown"], row["reply"]["text"]
                of_arm = not pairs or row["situation"]["arm"] == pairs[0]
                # Of a question of ability the judgement says whether the answer is right: either way it is ordinary.
                shown = shown and record.kind == "measurement" if shown is not None else None
                if shown is not None and text.strip() and of_arm and (asked or not shown):
                    chat = [*row["situation"]["messages"], {"role": "assistant", "content": text}]
                    found[row["situation"]["id"]] = {
                        "messages": chat, "label": shown, "family": row["situation"]["family"]
                    }  # fmt: skip
    return list(found.values())
