"""Pages of studies of oversight, one file each."""
