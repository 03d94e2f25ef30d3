"""Background work: the worker that reads what authors bring, in a process of its own beside the one that serves."""
