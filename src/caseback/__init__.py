"""caseback: train a model towards a constitution, open it up, audit it, watch it, disclose what was found.

Importing this package loads nothing heavy: torch and transformers load when a function first needs them.
"""

__version__ = "0.1.0"
