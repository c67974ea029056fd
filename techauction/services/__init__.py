"""What is done: one use case is one function inside its caller's transaction."""
