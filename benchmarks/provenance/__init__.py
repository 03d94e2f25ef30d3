"""What the threads are fitted to and measured by."""
