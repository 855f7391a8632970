"""The computing state of segments: what was asked for, which worker has it, and when the next one is due."""
