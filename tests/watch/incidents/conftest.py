"""Stores to test on."""

from watch_stores_for_tests import server, store

__all__ = ["server", "store"]
