"""An automated researcher with a narrow job, and the sealed scorer that it cannot reach."""
