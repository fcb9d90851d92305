"""The evidence record of a subject, its artefacts by digest, and the ledger of our own claims."""

from caseback.dossier.dossier import Dossier, open_dossier, read_dossier
from caseback.dossier.record import Record, digest
from caseback.dossier.samples import put_samples, samples
from caseback.dossier.verify import Problem

__all__ = ["Dossier", "Problem", "Record", "digest", "open_dossier", "put_samples", "read_dossier", "samples"]
