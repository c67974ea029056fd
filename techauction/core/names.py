"""Names that stand in two languages."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True, slots=True)
class Name:
    """A name in Chinese and in English; the reader's language chooses one."""

    zh: str
    en: str
