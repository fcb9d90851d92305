"""The tables of incidents."""

from importlib.resources import files

from caseback.watch.store.store import Store


def make_tables(store: Store) -> None:
    """Makes those that are not there yet."""
    store.script(files("caseback.watch.incidents").joinpath("schema.sql").read_text(encoding="utf-8"))
