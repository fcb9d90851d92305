"""How much of anything a bundle or a feed may hold. A hostile one costs its reader no more than this."""

ADVISORY = 1 << 20
"""Bytes of ``advisory.json``."""
DETECTOR = 1 << 22
"""Bytes of one detector's JSON."""
TENSORS = 1 << 24
"""Bytes of one file of tensors."""
LINES = 1 << 21
"""Bytes of a file of transcripts. A model reads all of it where a recipe is followed: this bounds what that costs."""
SMALL = 1 << 18
"""Bytes of any other JSON: manifest, signature, recipe, key."""
EVIDENCE = 1 << 23
"""Bytes of one file of evidence."""
BUNDLE = 1 << 26
"""Bytes of a bundle in all: 64 MiB."""
FILES = 400
"""Files of a bundle."""
DETECTORS = 64
"""Detectors of a bundle."""
DEPTH = 40
"""Values of JSON within each other."""
VALUES = 400_000
"""Values of one JSON text."""
TRANSCRIPTS = 2_000
"""Transcripts of one file."""
SELF_TESTS = 200
"""Transcripts that a detector brings along to be tested on."""
SELF_TEST_TEXT = 1 << 18
"""Bytes of them together: searched by each pattern, they take a second at most."""
PATTERNS = 400
"""Patterns of a detector, and steps of a sequence, those of its members among them."""
WIDTH = 1 << 17
"""Numbers of a tensor along one side; a direction has as many as the model is wide."""
