"""The tables of alerts."""

from importlib.resources import files

from caseback.watch.store.store import Store


def make_tables(store: Store) -> None:
    """Makes those that are not there yet."""
    store.script(files("caseback.watch.alerts").joinpath("schema.sql").read_text(encoding="utf-8"))
