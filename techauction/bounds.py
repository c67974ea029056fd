"""How large a request's body may be: one table, by method and path."""

import re

from techauction.core.roundfile import MOST_BYTES

KIB, MIB = 1_024, 1_024 * 1_024
LIVE_BYTES = 4 * KIB
"""An offer on a live path."""
CHOICE = 512
"""So much is read of what a caller would like best, languages and kinds: to weigh 64 KiB of it takes a tenth of a second."""
_MOST: tuple[tuple[str, re.Pattern[str], int], ...] = (
    ("POST", re.compile(r"/api/v1/rounds"), MOST_BYTES),
    ("POST", re.compile(r"/(?:saleroom|api/v1)/lots/.*"), LIVE_BYTES),
    ("POST", re.compile(r".*"), MIB),
)
"""The first that fits holds. A form of a page is small: the longest holds two summaries of 20,000 signs."""
_ELSE = 16 * KIB
"""What has no use for a body, but may bring one."""


def most_bytes(method: str, path: str) -> int:
    """Return how many bytes the body of a request may have."""
    return next((most for each, paths, most in _MOST if each == method and paths.fullmatch(path)), _ELSE)
