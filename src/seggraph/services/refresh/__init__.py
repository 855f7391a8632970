"""Refreshes: what a change of some members changes in segments."""
