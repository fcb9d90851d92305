"""Readers of the public data sets, one file each; they make situations with a judge, never a copy of the data."""
