"""Alerts: on bounds, not on counts; each raised once, acknowledged, resolved, and delivered until it is taken."""
