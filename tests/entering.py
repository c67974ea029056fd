"""How tests enter the house: settings that cost no time, and the token that a page gives."""

import re
from pathlib import Path
from typing import Any

from techauction.settings import Settings

_TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')


def quick_settings(instance: Path, database_url: str, **more: Any) -> Settings:
    """Return settings without limits on rates, by which a password is hashed at once."""
    return Settings(
        instance=instance,
        secret_key="a secret for tests",
        database_url=database_url,
        rate_limits=False,
        argon2_memory_kib=8,
        argon2_time=1,
        **more,
    )


def token_of(page: str) -> str:
    """Return the CSRF token that stands in a page."""
    found = _TOKEN.search(page)
    assert found, page[:500]
    return found[1]
