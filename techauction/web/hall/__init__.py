"""The hall: what is shown on its large screens."""
