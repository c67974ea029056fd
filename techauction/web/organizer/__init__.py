"""What an organizer does: rounds, their admission, and their sale."""
