"""Debate, consultancy, critique and majority before a weak judge, measured against what the world knows to be true."""
