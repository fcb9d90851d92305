"""Overseers and subjects evenly spaced in capability: how much of what the strong can do the weak can bring out, how
much of what the strong do wrong the weak see, and over how wide a gap."""
