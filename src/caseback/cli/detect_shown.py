"""A detector's calibration, printed."""

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.detectors.known import Calibration


def show_calibration(console: Console, found: "Calibration") -> None:
    """Thresholds with what they catch, and in words what the data were too few for."""
    table = Table("false positives", "threshold", "95% interval", "caught", box=None, header_style="bold")
    for each in found.points:
        at = each.threshold
        table.add_row(f"{at.target:.1%}", f"{at.value:.4g}", f"[{at.low:.2%}, {at.high:.2%}]", str(each.recall))
    console.print(table)
    console.print(f"AUROC {found.auroc}, {found.auroc.positives} positives and {found.auroc.negatives} negatives")
    for each in found.points:
        if not (at := each.threshold).met:
            console.print(
                f"{at.n} negatives are too few for {at.target:.1%} false positives: the threshold that was set gives "
                f"{at.expected:.1%}, and between {at.low:.1%} and {at.high:.1%}",
                soft_wrap=True,
            )
    if found.untold_positives or found.untold_negatives:
        console.print(
            f"could not be told, and in no figure: {found.untold_positives} positives and {found.untold_negatives} "
            "negatives",
            soft_wrap=True,
        )
