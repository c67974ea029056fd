"""Pages of technology-transfer managers."""
