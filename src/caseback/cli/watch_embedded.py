"""A model that the gateway serves itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caseback.watch.configuration import Configuration
    from caseback.watch.serving.embedded import Embedded


@contextmanager
def embedded(configuration: "Configuration") -> Iterator["Embedded"]:
    """The model of the configuration, served with its detectors reading along (``watch.gateway.answer.Answers``).

    Raises:
        CasebackError: the model or a detector cannot be loaded.
    """
    from caseback.cli.models import load_named
    from caseback.watch.configuration import watching
    from caseback.watch.serving.embedded import serve

    loaded = [watching(each, configuration.file) for each in configuration.detectors]
    served = serve(load_named(configuration.model), loaded)
    try:
        yield served
    finally:
        served.close(configuration.limits.drain_seconds)
