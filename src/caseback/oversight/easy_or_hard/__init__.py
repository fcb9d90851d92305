"""Easy world or hard: signs along a ladder of models, which way each points, and what would change that."""
