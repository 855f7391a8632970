"""Full runs: one computation of a segment from all members."""
