"""Feeds of advisories: a static folder that anyone can host, and what keeps its host honest."""
