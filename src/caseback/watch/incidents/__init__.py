"""Incidents: flagged exchanges grouped by cause, reviewed by people, and brought into findings and advisories."""
