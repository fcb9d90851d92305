"""Thought: is what a model thinks before it answers safe to watch, faithful, and needed at all?"""
