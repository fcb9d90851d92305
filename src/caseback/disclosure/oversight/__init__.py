"""Pages of studies of oversight, one file each: no script, no request."""
