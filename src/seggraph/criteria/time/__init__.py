"""Time in criteria: durations, calendar days in a zone, and what the passing of time can change."""
