"""Which lots of a round file its enterprises are admitted to: counted before they are listed, because few words name many."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from techauction.core.reading import Part

MOST_ADMISSIONS = 1_000_000
"""So many admissions a file may come to, all its enterprises together: `"all"` multiplies its lots by its enterprises."""


class Admissible:
    """The lots of a file by number, each with its consignor's credit code; `counted` is what has been asked for so far."""

    def __init__(self, consignors: Mapping[int, str]) -> None:
        self._consignors = consignors
        self._every = tuple(consignors)
        self._own: dict[str, set[int]] = defaultdict(set)
        for number, consignor in consignors.items():
            self._own[consignor].add(number)
        self._all_but: dict[str, tuple[int, ...]] = {}
        self.counted = 0

    def all_for(self, credit_code: str) -> tuple[int, ...]:
        """Return all lots that an enterprise may bid on: never its own. Past the bound there are none."""
        own = self._own.get(credit_code, set())
        self.counted += len(self._every) - len(own)
        if self.counted > MOST_ADMISSIONS:
            return ()
        if not own:
            return self._every
        if credit_code not in self._all_but:
            self._all_but[credit_code] = tuple(number for number in self._every if number not in own)
        return self._all_but[credit_code]

    def named(self, part: Part, said: Sequence[object], credit_code: str) -> tuple[int, ...]:
        """Return the lots that an enterprise names, noting what is wrong with them. Past the bound nothing is looked at."""
        self.counted += len(said)
        if self.counted > MOST_ADMISSIONS:
            return ()
        lots: dict[int, None] = {}
        for place, number in enumerate(said):
            name = f"lots[{place}]"
            if not isinstance(number, int) or isinstance(number, bool) or number not in self._consignors:
                part.note(name, "must be the number of a lot of this file")
            elif self._consignors[number] == credit_code:
                part.note(name, f"lot {number} is the enterprise's own")
            elif number in lots:
                part.note(name, f"{number} is named twice")
            else:
                lots[number] = None
        return tuple(lots)
