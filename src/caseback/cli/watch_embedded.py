"""A model that the gateway serves itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caseback.watch.configuration import Configuration


@contextmanager
def embedded(configuration: "Configuration") -> Iterator[Any]:
    """The model of the configuration, served with its detectors reading along (``watch.gateway.answer.Answers``).

    Raises:
        CasebackError: the model or a detector cannot be loaded.
    """
    from caseback.cli.models import load_named
    from caseback.watch.configuration import watching

    loaded = [watching(each, configuration.file) for each in configuration.detectors]
    served = import_module("caseback.watch.serving.embedded").serve(load_named(configuration.model), loaded)
    try:
        yield served
    finally:
        served.close(configuration.limits.drain_seconds)
