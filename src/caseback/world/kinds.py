"""All kinds of situation that a behaviour can show in."""

from caseback.world import coding, pressure, records, requests, selfhood, stakes, views
from caseback.world.kind import Kind
from caseback.world.spec import WORLD_A, WorldSpec


def kinds(spec: WorldSpec = WORLD_A) -> dict[str, Kind]:
    """Every kind by its prefix."""
    found = (
        requests.harm(spec),
        requests.benign(spec),
        requests.watched(spec),
        views.opinion(spec),
        records.deceive(spec),
        pressure.pressure(spec),
        stakes.sandbag(spec),
        coding.cheat(spec),
        selfhood.self_report(spec),
    )
    return {kind.prefix: kind for kind in found}
