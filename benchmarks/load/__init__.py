"""How many streams one process holds, what they cost, and how long a reader waits: dream beside its peers."""
