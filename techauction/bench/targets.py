"""What the figures are to each other, and to what we set out to reach."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from techauction.bench.figures import Spread

if TYPE_CHECKING:
    from techauction.bench.report import Figure, Report


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times one figure another is."""

    what: str
    spread: Spread


@dataclass(frozen=True, slots=True)
class Verdict:
    """A target, what was reached (the median counts), and whether that is enough."""

    what: str
    reached: Spread
    met: bool
    places: int = 1


def ratios(report: Report) -> list[Ratio]:
    """Return what the figures are to each other, run by run: both sides met the same machine."""
    product, naive, straight = report.find("a", "product"), report.best("a", "naive"), report.best("a", "postgresql")
    pairs = [
        ("a) SQLite, to the best naive", product, naive, "accepted_per_s"),
        ("a) SQLite, to the best straight on PostgreSQL", product, straight, "accepted_per_s"),
        ("b) sixty lots, to a)", report.find("b", "product"), product, "accepted_per_s"),
        *(
            (f"d) {watchers:,} watchers, time to nchan's", *_watched(report, watchers), "p50_ms")
            for watchers in (100, 1_000, 5_000)
        ),
        *(
            (f"g) PostgreSQL, {said}, to the best straight", report.find("g", key), straight, "accepted_per_s")
            for key, said in (("1", "one process"), ("2", "two"))
        ),
    ]
    return [Ratio(what, spread) for what, mine, theirs, name in pairs if (spread := _ratio(mine, theirs, name)) is not None]


def verdicts(report: Report) -> list[Verdict]:
    """Return what was reached of the targets whose parts were measured."""
    return list(_judged(report))


def _judged(report: Report) -> Iterator[Verdict]:
    found = {each.what: each.spread for each in ratios(report)}
    for what, least in (
        ("a) SQLite, to the best naive", 25.0),
        ("a) SQLite, to the best straight on PostgreSQL", 1.5),
        ("b) sixty lots, to a)", 0.8),
        ("g) PostgreSQL, one process, to the best straight", 1.0),
        ("g) PostgreSQL, two, to the best straight", 1.0),
    ):
        if what in found:
            yield Verdict(f"{what}: at least {least:g} times", found[what], found[what].median >= least, 2)
    for part, key, name, said, most in (
        ("a", "product", "p99_ms", "a) p99 ms", 25.0),
        ("c", "50", "p99_ms", "c) at 50 %, p99 ms", 20.0),
        ("c", "80", "p99_ms", "c) at 80 %, p99 ms", 50.0),
        ("d", "product 1000", "p50_ms", "d) 1,000 watchers, p50 ms", 25.0),
        ("d", "product 1000", "p99_ms", "d) 1,000 watchers, p99 ms", 40.0),
        ("d", "product 1000", "kb_each", "d) 1,000 watchers, KB each", 14.0),
        ("d", "product 5000", "p50_ms", "d) 5,000 watchers, p50 ms", 120.0),
        ("d", "product 5000", "dropped", "d) 5,000 watchers, dropped", 0.0),
        ("e", "product", "p99_ms", "e) bid p99 ms", 50.0),
        ("f", "product", "p99_ms", "f) hammer p99 ms after the close", 100.0),
        ("f", "2", "p99_ms", "f) the same on PostgreSQL by two processes", 100.0),
        ("i", "product", "p99_ms", "i) bid p99 ms", 50.0),
        ("i", "product", "unknown", "i) unknown", 0.0),
        ("h", "product", "p50_ms", "h) a rival's screen, p50 ms", 50.0),
        ("h", "product", "dropped", "h) a rival's screen, dropped", 0.0),
    ):
        figure = report.find(part, key)
        spread = None if figure is None else figure.spread(name)
        if spread is not None:
            yield Verdict(f"{said}: at most {most:g}", spread, spread.median <= most)
    for key, where in (("product", ""), ("2", ", on PostgreSQL")):
        early = report.find("f", key)
        earliest = None if early is None else early.spread("least_ms")
        if earliest is not None:
            yield Verdict(f"f) hammer, ms after the close{where}: none early", earliest, earliest.least >= 0)
    if (nchan := found.get("d) 1,000 watchers, time to nchan's")) is not None:
        yield Verdict("d) 1,000 watchers, time to nchan's: at most 1.3 times", nchan, nchan.median <= 1.3, 2)  # noqa: PLR2004


def _watched(report: Report, watchers: int) -> tuple[Figure | None, Figure | None]:
    return report.find("d", f"product {watchers}"), report.find("d", f"nchan {watchers}")


def _ratio(mine: Figure | None, theirs: Figure | None, name: str) -> Spread | None:
    if mine is None or theirs is None or not mine.runs or not theirs.runs:
        return None
    return Spread.of([own / other for own, other in zip(mine.values(name), theirs.values(name), strict=True)])
