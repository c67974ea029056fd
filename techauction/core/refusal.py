"""A "no" with a name."""

from datetime import datetime
from typing import ClassVar

from techauction.core.money import Money

Fact = Money | int | str | datetime | None


class Refusal(Exception):
    """A lawful "no": it has a stable `code`, and facts from which a sentence in the reader's language is made.

    `str()` is for logs. Each subclass stands in the module that raises it, and names its facts, if it has any, in its
    constructor.
    """

    code: ClassVar[str]
    known: ClassVar[dict[str, type["Refusal"]]] = {}

    def __init_subclass__(cls) -> None:
        assert cls.code not in Refusal.known, f"two refusals are called {cls.code}"
        Refusal.known[cls.code] = cls

    def __init__(self, **facts: Fact) -> None:
        self.facts = facts
        super().__init__(self.code + "".join(f" {name}={fact}" for name, fact in facts.items()))

    def as_json(self) -> dict[str, int | str | None]:
        """Return the facts as JSON values: sums as integer fen under `…_fen`, instants as ISO 8601 under `…_at`."""
        plain: dict[str, int | str | None] = {}
        for name, fact in self.facts.items():
            match fact:
                case Money():
                    plain[f"{name}_fen"] = fact.minor
                case datetime():
                    plain[name] = fact.isoformat()
                case _:
                    plain[name] = fact
        return plain

    @staticmethod
    def restore(code: str, plain: dict[str, int | str | None]) -> "Refusal":
        """Return the refusal that `as_json` described, so that a repeated question gets its first answer."""
        facts: dict[str, Fact] = {}
        for name, value in plain.items():
            if name.endswith("_fen") and isinstance(value, int):
                facts[name.removesuffix("_fen")] = Money(value)
            elif name.endswith("_at") and isinstance(value, str):
                facts[name] = datetime.fromisoformat(value)
            else:
                facts[name] = value
        kind = Refusal.known[code]
        refusal = kind.__new__(kind)
        Refusal.__init__(refusal, **facts)
        return refusal


class NoSuch(Refusal):
    """What is asked for does not exist, or is another's: both answer alike."""

    code = "no_such"
