"""What is shown: one frozen dataclass for each page or answer."""
