"""What an enterprise does: its paddles, and its bids."""
