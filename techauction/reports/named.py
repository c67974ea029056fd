"""Names that stand in two languages."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True, slots=True)
class Named:
    """A name in Chinese and in English."""

    zh: str
    en: str
