"""A dossier as one zip file that is read without SQLite."""

import json
import os
import zipfile
from dataclasses import asdict
from pathlib import Path

from caseback.dossier.disk import cannot_write
from caseback.dossier.dossier import Dossier
from caseback.errors import CasebackError

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time written for every file in the zip, so that one dossier gives the same bytes each time."""


def export_dossier(dossier: Dossier, out: Path) -> None:
    """Write ``records.jsonl`` (all fields of each record, in order) and ``artefacts/`` into a new zip file.

    Raises:
        CasebackError: where the dossier does not verify, ``out`` is there already, or the disk is full.
    """
    if problems := dossier.verify():
        raise CasebackError(f"{dossier.path} does not verify: {problems[0].where}: {problems[0].what}")
    records = list(dossier.records())
    digests = sorted({digest for record in records for digest in record.artefacts.values()})
    temporary = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(temporary, "x", zipfile.ZIP_DEFLATED) as archive:
            lines = "".join(json.dumps(asdict(record)) + "\n" for record in records)
            archive.writestr(zipfile.ZipInfo("records.jsonl", EPOCH), lines, zipfile.ZIP_DEFLATED)
            for digest in digests:
                entry = zipfile.ZipInfo(f"artefacts/{digest[:2]}/{digest}", EPOCH)
                archive.writestr(entry, dossier.get(digest), zipfile.ZIP_DEFLATED)
        os.link(temporary, out)  # unlike a rename, this never writes over a file
    except FileExistsError as error:
        raise CasebackError(f"{out} is there already: name a new file") from error
    except OSError as error:
        raise CasebackError(f"cannot write {out}: {cannot_write(error)}") from error
    finally:
        temporary.unlink(missing_ok=True)
