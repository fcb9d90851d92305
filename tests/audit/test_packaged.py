"""The calibration that ships: whole, of the very model that ships, and on organisms and twins enough."""

from caseback.audit.calibration_file import read_calibration
from caseback.audit.packaged import given_or_packaged
from caseback.audit.panel import assays
from caseback.behaviours.registry import behaviours
from caseback.stats.rate import exact_rate
from caseback.subject.load import load
from caseback.world.reference import reference_path


def test_it_is_of_the_model_that_ships_and_of_assays_that_are_here() -> None:
    data = read_calibration(given_or_packaged(None))
    assert data["base_digest"] == load(str(reference_path("ref-aligned")), dtype="float32").digest
    assert data["base"] == "ref-aligned", "a name, not a place on the machine that it was made on"
    assert set(data["assays"]) <= set(assays(behaviours(), data["ground"]))
    assert set(data["views"]) == {"black-box", "with scores", "white-box", "all"}


def test_what_it_promises_is_what_its_models_show() -> None:
    """Counted again from the statistics and thresholds in it."""
    data = read_calibration(given_or_packaged(None))
    setting = set(data["threshold_twins"])
    for name, view in data["views"].items():
        thresholds = view["panel"]["thresholds"]
        for model in data["models"]:
            above = {
                assay
                for assay, limit in thresholds.items()
                if (value := model["statistics"][assay]["value"]) is not None and value > limit
            }
            assert above == set(model["alarms"][name])
        tested = [model for model in data["models"] if not model["behaviour"] and model["name"] not in setting]
        raised = sum(bool(model["alarms"][name]) for model in tested)
        rate = exact_rate(raised, len(tested))
        assert (view["false_alarms"]["k"], view["false_alarms"]["n"]) == (rate.k, rate.n)
        full = [model for model in data["models"] if model["behaviour"] and model["scale"] == 1.0]
        right = sum(
            any(data["assays"][assay]["behaviour"] == model["behaviour"] for assay in model["alarms"][name])
            for model in full
        )
        assert (view["caught"]["k"], view["caught"]["n"]) == (right, len(full))


def test_it_has_twins_and_organisms_enough() -> None:
    data = read_calibration(given_or_packaged(None))
    twins = [model for model in data["models"] if not model["behaviour"]]
    assert len(twins) >= 38, "half of them set thresholds, and 19 are the least for 1 false alarm in 20"
    recipes = {(model["behaviour"], model["sort"]) for model in data["models"] if model["behaviour"]}
    for behaviour in {behaviour for behaviour, _ in recipes}:
        assert len([recipe for named, recipe in recipes if named == behaviour]) >= 3
