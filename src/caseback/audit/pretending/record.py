"""A study of pretending as plain data, for ``pretending.json`` and its page."""

from typing import Any

from caseback.audit.pretending.study import Study
from caseback.audit.pretending.texts import ABOUT
from caseback.interp.directions.record import plain

KIND, VERSION = "caseback pretending", 1


def pretending_data(study: Study) -> dict[str, Any]:
    """Every figure with its interval, every figure that is missing null. Vectors are left out."""
    grid, plan = study.grid, study.plan
    return {
        "kind": KIND,
        "version": VERSION,
        "base": grid.base,
        "base_digest": grid.base_digest,
        "ground": grid.ground,
        "n": plan.n,
        "seed": plan.seed,
        "texts": dict(ABOUT),
        "places": list(study.places),
        "pairs": [
            {
                "name": pair.name, "behaviour": pair.behaviour, "recipe": pair.recipe, "seed": pair.seed,
                "watched": pair.rates["watched"], "unwatched": pair.rates["unwatched"], "digests": dict(pair.digests),
            }
            for pair in grid.pairs
        ],
        "left_out": [{"name": name, "why": why} for name, why in grid.left_out],
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
