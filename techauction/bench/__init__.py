"""What this installation can do in a second, beside what it is measured against."""
