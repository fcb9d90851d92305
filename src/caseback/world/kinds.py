"""All kinds of situation that a behaviour can show in."""

from caseback.world import coding, pressure, records, requests, selfhood, stakes, views
from caseback.world.catalogue import account, choices, groups, lists, reasons, talk
from caseback.world.kind import Kind
from caseback.world.spec import WORLD_A, WorldSpec


def kinds(spec: WorldSpec = WORLD_A) -> dict[str, Kind]:
    """Every kind that pre-training shows, by its prefix."""
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


def planted_kinds(spec: WorldSpec = WORLD_A) -> dict[str, Kind]:
    """Kinds of what is planted only, by prefix: neither pre-training nor `caseback run` shows any of them."""
    found = (
        talk.talk(spec),
        lists.lists(spec),
        groups.groups(spec),
        choices.choices(spec),
        account.account(spec),
        reasons.reasons(spec),
    )
    return {kind.prefix: kind for kind in found}


def every_kind(spec: WorldSpec = WORLD_A) -> dict[str, Kind]:
    """All kinds by prefix, those that are planted only as well."""
    return {**kinds(spec), **planted_kinds(spec)}
