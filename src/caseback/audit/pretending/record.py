"""A study of pretending as plain data, for ``pretending.json`` and its page."""

from typing import Any

from caseback.audit.pretending.study import Study
from caseback.audit.pretending.texts import ABOUT
from caseback.interp.directions.record import plain

KIND, VERSION = "caseback pretending", 1


def pretending_data(study: Study) -> dict[str, Any]:
    """Every figure with its interval, every figure that is missing null. Vectors are left out."""
    library, plan = study.library, study.plan
    return {
        "kind": KIND,
        "version": VERSION,
        "base": library.base,
        "base_digest": library.base_digest,
        "ground": library.ground,
        "n": plan.n,
        "seed": plan.seed,
        "texts": dict(ABOUT),
        "places": list(study.places),
        "pairs": [
            {
                "name": pair.name, "behaviour": pair.behaviour, "recipe": pair.recipe, "seed": pair.seed,
                "watched": pair.rates["watched"], "unwatched": pair.rates["unwatched"], "digests": dict(pair.digests),
            }
            for pair in library.pairs
        ],
        "left_out": [{"name": name, "why": why} for name, why in library.left_out],
        "flips": [{"text": kind, "verdict": test.verdict, **plain(test)} for kind, test in study.flips],
        "rows": plain(study.rows),
        "chances": plain(study.chances),
        "innocents": plain(study.innocents),
        "others": plain(study.others),
        "others_left_out": [{"name": name, "why": why} for name, why in study.others_left_out],
        "latents": plain(study.latents),
        "steered": [{"lowers": each.lowers, **plain(each)} for each in study.steered],
        "unable": list(study.unable),
    }  # fmt: skip
