"""What the house could not do with a lot."""

from enum import StrEnum

ACT = "lot.stuck"
"""What it is called in the audit, where the duty stands as the detail."""


class Duty(StrEnum):
    """What was to be done."""

    OPENING = "opening"
    ANSWERING = "answering"
    HAMMER = "hammer"
    SETTLING = "settling"
