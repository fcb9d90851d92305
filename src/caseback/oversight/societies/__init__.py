"""Societies of agents: what appears in the whole that no audit of an agent by itself shows."""
