"""Which language is read, and names in it."""

from flask_babel import get_locale

from techauction.core.names import Name


def in_chinese() -> bool:
    """Return whether the reader reads Chinese."""
    locale = get_locale()
    return locale is None or locale.language == "zh"


def named(name: Name) -> str:
    """Return the name in the reader's language; the other one where there is none."""
    return (name.zh or name.en) if in_chinese() else (name.en or name.zh)
