"""What one developer found, as data that another's tools can act on: the advisory, its schema, its drafts."""
