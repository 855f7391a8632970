"""Measurements: each file is a program that starts servers of its own and prints ratios."""
