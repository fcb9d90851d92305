"""The way of confirmed incidents into training: the prompts that led there, as ``caseback train run`` takes them."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from caseback.chat import Message
from caseback.dossier.disk import replaced, writing
from caseback.errors import CasebackError
from caseback.training.datum import Datum
from caseback.watch.incidents.finding import confirmed
from caseback.watch.incidents.incident import Incident
from caseback.watch.store.rows import Whole
from caseback.watch.store.store import Store

PROMPTS, PREFERENCES = "prompts.jsonl", "preferences.jsonl"
"""Without a better answer, for grpo and rloo, which draw their own; and with one, for dpo and kto."""
ROLES = ("system", "user", "assistant", "tool")


def training_data(
    store: Store, ids: Iterable[str], better: Mapping[str, str] | None = None
) -> tuple[list[Datum], list[Datum], list[str]]:
    """Prompts, preferences, and the ids of exchanges that give neither since their text is gone or is no chat.

    Each violation gives a prompt: what stood before the reply. Where somebody wrote what should have been answered it
    gives a preference for that over what was. Tool calls in the past of a chat are left out: training data has none.

    Args:
        store: Where.
        ids: Of confirmed incidents.
        better: By exchange id the answer that should have been given.

    Raises:
        CasebackError: an incident is not confirmed, or a better answer is for none of their violations.
    """
    prompts: list[Datum] = []
    preferences: list[Datum] = []
    gone: list[str] = []
    left = dict(better or {})
    for id in ids:
        found, kept = confirmed(store, id)
        for whole in kept:
            answer = left.pop(whole.listed.id, "")
            made = _datum(found, whole, answer)
            if made is None:
                gone.append(whole.listed.id)
            else:
                (preferences if answer else prompts).append(made)
    if left:
        raise CasebackError(f"{next(iter(left))!r:.80} is no violation of these incidents, and has a better answer")
    return prompts, preferences, gone


def write_training_data(folder: Path, prompts: Sequence[Datum], preferences: Sequence[Datum]) -> list[Path]:
    """Writes the files that hold anything.

    Raises:
        CasebackError: nothing is to be written, or it cannot be.
    """
    import json

    if not prompts and not preferences:
        raise CasebackError("the incidents give no training data: the texts of their violations are gone")
    made = []
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in ((PROMPTS, prompts), (PREFERENCES, preferences)):
            if data:
                lines = [json.dumps({**each.as_dict(), "digest": each.digest}, ensure_ascii=False) for each in data]
                replaced(folder / name, "\n".join(lines) + "\n")
                made.append(folder / name)
    return made


def _datum(found: Incident, whole: Whole, better: str) -> Datum | None:
    messages = whole.messages or ()
    if len(messages) < 2 or messages[-1].get("role") != "assistant":
        return None
    prompt = tuple(_message(each) for each in messages[:-1] if each.get("role") in ROLES)
    reply = str(messages[-1].get("content") or "")
    return Datum(
        prompt=prompt,
        chosen=better,
        rejected=reply if better else "",
        rejected_thinking=str(messages[-1].get("reasoning_content") or "") if better else "",
        origin="revised" if better else "plain",
        clauses=found.clauses,
        generator=f"live/{whole.listed.model}",
        parents=(whole.listed.id,),
        situation=f"incident-{found.id}-{whole.listed.id}",
        family=f"live.{found.behaviour}",
    )


def _message(given: Mapping[str, Any]) -> Message:
    return cast(Message, {"role": given["role"], "content": str(given.get("content") or "")})
