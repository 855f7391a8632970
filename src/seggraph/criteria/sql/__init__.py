"""Criteria as SQL: one predicate over the row of a member, SELECTs over events and relations, ranges of time."""
