"""What an auditor does: read the record of a sale, and have it verified."""
