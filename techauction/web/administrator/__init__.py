"""The administrator's pages: who may sign in, which organisations there are, and who did what."""
