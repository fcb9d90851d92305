"""Work that was recorded in another dossier, such as a worker's, becomes part of this one."""

from caseback.dossier.dossier import Dossier


def adopt(dossier: Dossier, other: Dossier) -> int:
    """Append what ``other`` holds and ``dossier`` does not, in its order and with its artefacts.

    Records are the same work where kind and key are the same; those without a key are passed over, for nobody could
    tell whether they are there. Parents become the records that stand for them here.

    Returns:
        How many records were appended.

    Raises:
        CasebackError: an artefact is missing or damaged, or a record rests on one that was passed over.
    """
    ours: dict[str, str] = {}
    appended = 0
    for record in other.records():
        if record.key is None:
            continue
        found = dossier.find(record.kind, record.key)
        if found is None:
            for digest in record.artefacts.values():
                dossier.put(other.get(digest))
            found = dossier.append(
                record.kind,
                record.body,
                parents=[ours.get(parent, parent) for parent in record.parents],
                artefacts=record.artefacts,
                key=record.key,
                seed=record.seed,
            )
            appended += 1
        ours[record.id] = found.id
    return appended
