"""A draft before it is signed: what is wrong, what looks personal, what is missing; and what publishing adds to it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from caseback.disclosure.advisory.check import problems
from caseback.disclosure.bundle.bundle import read_files
from caseback.disclosure.bundle.contents import check_contents
from caseback.disclosure.bundle.limits import ADVISORY as MOST
from caseback.disclosure.bundle.moments import now, written
from caseback.disclosure.bundle.paths import ADVISORY
from caseback.disclosure.bundle.personal import personal
from caseback.disclosure.bundle.strict_json import parse
from caseback.dossier.record import canonical
from caseback.errors import CasebackError


def review(draft: Path) -> dict[str, Any]:
    """``wrong`` and ``personal`` in words, and the ``gaps`` that the advisory names.

    Raises:
        CasebackError: there is no draft, or its advisory cannot be read.
    """
    files = read_files(draft)
    return _reviewed(files, _advisory(files, draft))


def _reviewed(files: Mapping[str, bytes], advisory: Any) -> dict[str, Any]:
    wrong = problems(advisory)
    if not wrong:
        try:
            check_contents(advisory, files)
        except CasebackError as error:
            wrong = [str(error)]
    found = [f"{name}, line {line}: what looks like {what}" for name, line, what in personal(files)]
    gaps = advisory.get("gaps", []) if isinstance(advisory, dict) else []
    return {"wrong": wrong, "personal": found, "gaps": gaps}


def may_be_signed(draft: Path, personal_ok: bool) -> dict[str, bytes]:
    """The files of a draft in which nothing is wrong.

    Raises:
        CasebackError: something is, or it holds what looks personal and nobody said that it may.
    """
    files = read_files(draft)
    found = _reviewed(files, _advisory(files, draft))
    if found["wrong"]:
        raise CasebackError(f"{draft}: {found['wrong'][0]}; `caseback disclose check {draft}` lists all that is wrong")
    if found["personal"] and not personal_ok:
        raise CasebackError(
            f"{draft}: {found['personal'][0]}: take it out, or sign with --personal-ok if it may go out"
        )
    return files


def as_published(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files with the moment of publishing in the advisory."""
    advisory = _advisory(files, None)
    moment = written(now())
    return {**files, ADVISORY: canonical({"published": moment, **advisory, "modified": moment})}


def withdrawn(files: Mapping[str, bytes], why: str) -> dict[str, bytes]:
    """The next revision of a bundle, which says that it is withdrawn and why. Its detectors stay behind.

    Raises:
        CasebackError: no reason.
    """
    if not why.strip():
        raise CasebackError("say why it is withdrawn (--why): those who imported it will read it")
    advisory = _advisory(files, None)
    moment = written(now())
    changed = {
        **{key: each for key, each in advisory.items() if key != "detectors"},
        "revision": advisory["revision"] + 1,
        "modified": moment,
        "withdrawn": moment,
        "withdrawn_why": why,
    }
    return {ADVISORY: canonical(changed)}


def _advisory(files: Mapping[str, bytes], draft: Path | None) -> Any:
    if ADVISORY not in files:
        raise CasebackError(f"{draft or 'the bundle'} holds no {ADVISORY}: make a draft with `caseback disclose new`")
    return parse(files[ADVISORY], ADVISORY, MOST)
