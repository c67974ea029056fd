"""What came out: figures over runs, what they are to each other, and the tables."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from techauction.bench.figures import Spread
from techauction.bench.parts import COLUMNS, PARTS
from techauction.bench.targets import Ratio, Verdict, ratios, verdicts

Run = Mapping[str, float | None]
"""One run's numbers, by the names of `COLUMNS`."""


@dataclass(slots=True, kw_only=True)
class Figure:
    """What was measured in a part, over the runs. `key` names it among those of its part."""

    part: str
    key: str
    what: str
    runs: list[Run] = field(default_factory=list)
    left_out: str = ""
    """Why there are no runs."""

    def values(self, name: str) -> list[float]:
        """Return the runs' numbers of one name."""
        found = (each.get(name) for each in self.runs)
        return [each for each in found if each is not None]

    def spread(self, name: str) -> Spread | None:
        """Return the spread of one of the runs' numbers, if they have it."""
        values = self.values(name)
        return Spread.of(values) if values else None


@dataclass(slots=True, kw_only=True)
class Report:
    """The figures, and on what machine they came out."""

    at: datetime
    machine: dict[str, str]
    seconds: float
    runs: int
    figures: list[Figure] = field(default_factory=list)

    def figure(self, part: str, key: str, what: str = "", left_out: str = "") -> Figure:
        """Return the figure, a new one at first."""
        found = self.find(part, key)
        if found is None:
            found = Figure(part=part, key=key, what=what, left_out=left_out)
            self.figures.append(found)
        return found

    def find(self, part: str, key: str) -> Figure | None:
        """Return the figure, if it was measured or left out."""
        return next((each for each in self.figures if (each.part, each.key) == (part, key)), None)

    def best(self, part: str, kind: str) -> Figure | None:
        """Return the figure with the most accepted bids among those whose key begins so."""
        of = [each for each in self.figures if each.part == part and each.key.startswith(kind) and each.runs]
        return max(of, key=lambda each: max(each.values("accepted_per_s"), default=0.0), default=None) if of else None

    def as_markdown(self) -> str:
        """Return the tables, with everything that belongs to them."""
        lines = [
            "# Benchmark",
            "",
            f"Medians of {self.runs} runs of {self.seconds:g} s (least–most). CPU: shares of one processor.",
            *_compared(ratios(self), verdicts(self)),
        ]
        for letter, part in PARTS.items():
            figures = [each for each in self.figures if each.part == letter]
            if figures:
                lines += ["", f"## {letter}) {part.title}", "", *_table(figures, part.columns), "", part.method]
        lines += ["", "## Measured on", ""]
        lines += [f"* {name}: {value}" for name, value in {"at": f"{self.at:%Y-%m-%d %H:%M} UTC", **self.machine}.items()]
        return "\n".join(lines) + "\n"

    def as_json(self) -> dict[str, object]:
        """Return everything as JSON values."""
        return {
            "at": self.at.isoformat(),
            "machine": self.machine,
            "seconds": self.seconds,
            "ratios": [asdict(each) for each in ratios(self)],
            "targets": [asdict(each) for each in verdicts(self)],
            "figures": [
                {
                    **asdict(each),
                    "spreads": {name: asdict(spread) for name in COLUMNS if (spread := each.spread(name)) is not None},
                }
                for each in self.figures
            ],
        }


def _compared(found: Sequence[Ratio], judged: Sequence[Verdict]) -> list[str]:
    lines: list[str] = []
    if found:
        lines += ["", "| ratio, run by run | |", "|---|---:|"]
        lines += [f"| {each.what} | {each.spread.said(2)} |" for each in found]
    if judged:
        lines += ["", "| target | reached | |", "|---|---:|---|"]
        lines += [f"| {each.what} | {each.reached.said(each.places)} | {'met' if each.met else 'missed'} |" for each in judged]
    return lines


def _table(figures: Sequence[Figure], columns: Sequence[str]) -> list[str]:
    headings = " | ".join(COLUMNS[each].heading for each in columns)
    lines = [f"| what | {headings} |", f"|---|{'---:|' * len(columns)}"]
    for figure in figures:
        if figure.left_out:
            lines.append(f"| {figure.what}: {figure.left_out} |{' |' * len(columns)}")
            continue
        spreads = ((COLUMNS[each].places, figure.spread(each)) for each in columns)
        cells = " | ".join("" if spread is None else spread.said(places) for places, spread in spreads)
        lines.append(f"| {figure.what} | {cells} |")
    return lines
