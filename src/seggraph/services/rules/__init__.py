"""The criteria that fill segments by themselves, what they read, and how they are evaluated."""
