"""From somebody else's advisory to a detector in shadow here, or to a reason why not."""
