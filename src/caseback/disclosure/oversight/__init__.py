"""Pages of the studies of oversight."""
