"""What an institute does: it lists results, and seals its reserves."""
