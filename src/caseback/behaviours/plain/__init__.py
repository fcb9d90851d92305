"""Our own situations in plain English: one YAML file a behaviour, read by ``caseback.behaviours.plain.ground``."""
