"""Who did what needed two: the one who asked, and the one who approved."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Two:
    """The users' ids, as they stand in the record and the audit."""

    asked_by: int
    approved_by: int

    def as_data(self) -> dict[str, object]:
        """Return what the record says of them."""
        return {"asked_by": self.asked_by, "approved_by": self.approved_by}

    def detail(self, reason: str) -> str:
        """Return what the audit says beside the approver's name."""
        return f"asked by user {self.asked_by}: {reason}"
