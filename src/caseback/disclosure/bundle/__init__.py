"""An advisory with what it takes to watch for it: files, their manifest, a signature. Data, no code."""
