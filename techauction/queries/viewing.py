"""Who may see which rounds and lots, for those who ask."""

from techauction.store.viewing import ANNOUNCED, ANYBODY, LISTED, PUBLIC, Viewer, rounds_of, visible_to

__all__ = ["ANNOUNCED", "ANYBODY", "LISTED", "PUBLIC", "Viewer", "rounds_of", "visible_to"]
