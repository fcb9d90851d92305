"""Overseeing what is stronger: ladders, saboteurs, panels, independence, thought, societies, corrigibility."""
