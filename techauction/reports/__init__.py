"""What is added up from finished sales."""
