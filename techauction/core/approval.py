"""Acts that need two: who may ask, who may approve, and how long what was shown holds."""

from enum import StrEnum


class Act(StrEnum):
    """What an organizer may do only with another's approval."""

    OPEN_EARLY = "open_early"
    RESUME = "resume"
    PROLONG = "prolong"
    VOID_BID = "void_bid"
    VOID_OUTCOME = "void_outcome"
    CLOSE_EARLY = "close_early"
    CALL_OFF = "call_off"


class Decision(StrEnum):
    """What became of a request for approval."""

    APPROVED = "approved"
    DECLINED = "declined"
    TAKEN_BACK = "taken_back"
