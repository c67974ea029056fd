"""What comes due."""
