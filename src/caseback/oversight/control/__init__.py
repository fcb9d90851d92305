"""Trusted and untrusted monitors under an audit budget, and what collusion between copies does to them."""
