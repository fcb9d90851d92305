"""Saboteurs among the overseers, planted in doses: which checks catch which kind, at what dose, and what one bad link
does to a chain of training."""
