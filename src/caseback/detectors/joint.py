"""What several detectors need together."""

from collections.abc import Sequence

from caseback.detectors.detector import Detector
from caseback.detectors.fits import Fits, Needs
from caseback.errors import CasebackError


def joint_needs(members: Sequence[Detector]) -> Needs:
    """Activations where any member needs them, else a judge where any needs one."""
    needs = {member.needs for member in members}
    return "activations" if "activations" in needs else "judge" if "judge" in needs else "text"


def joint_fits(name: str, members: Sequence[Detector]) -> Fits:
    """The model of those that need one; the tokenizer of the first that names one.

    Raises:
        CasebackError: they are of several models.
    """
    fits = [member.fits for member in members if member.needs == "activations"]
    models = list(dict.fromkeys(each.model for each in fits))
    if len(models) > 1:
        raise CasebackError(f"detector {name}: its members are of {len(models)} models; one pass reads one model")
    return Fits(models[0], next((f.tokenizer for f in fits if f.tokenizer), "")) if fits else Fits()
