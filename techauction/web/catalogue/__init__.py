"""What everybody may see: rounds, lots, prices, results."""
