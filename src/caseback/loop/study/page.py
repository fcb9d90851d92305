"""The study's page: one HTML file that needs nothing else."""

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from caseback.loop.study.report import HEADINGS


def render(found: Mapping[str, Any]) -> str:
    """The page of a report; every text in it is escaped."""
    environment = Environment(
        loader=PackageLoader("caseback.loop.study", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["spaced"] = lambda name: name.replace("_", " ")
    return environment.get_template("page.html.j2").render(study=found, headings=HEADINGS)
