"""What is decided: plain Python, without web, database, clock or I/O."""
