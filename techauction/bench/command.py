"""The benchmark as a whole: rounds of runs, each thing beside its references, and what came out as tables."""

import json
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from datetime import UTC
from pathlib import Path
from tempfile import TemporaryDirectory

from techauction.bench import (
    as_run,
    browser_seen,
    busy,
    closing,
    instance,
    live,
    machine,
    nchan,
    over_http,
    postgresql,
    straight,
)
from techauction.bench.instance import Instance
from techauction.bench.parts import PARTS
from techauction.bench.report import Figure, Report, Run
from techauction.clock import SystemClock

CLIENTS = 32
REFERENCE_CONNECTIONS = (1, 8, 32)
"""The references are measured with each, and the best counts: neither the naive path nor a hot row gains by a crowd."""
LOTS = 60
OPEN_CONNECTIONS = 256
SHARES = (50, 80)
WATCHERS = {100: 40, 1_000: 60, 5_000: 25}
"""How many watch, and in how many rounds."""
WATCHED_RATE = 200.0
WORKERS = (1, 2)
SCREEN_BIDS = 30

Due = Iterator[tuple[Figure, Callable[[], Run]]]


def run(
    out_dir: Path, *, runs: int = 3, seconds: float = 4.0, warm_s: float = 1.0, only: Collection[str] = tuple(PARTS)
) -> Report:
    """Measure, write `bench.md` and `bench.json` into `out_dir`, and return what came out.

    The instances are thrown away; they stand under `out_dir`, for they must be on a disk that keeps what it is told to.

    :raises BenchFailed: a run came to no end, or its record is not what was acknowledged
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    report = Report(at=SystemClock()().astimezone(UTC), machine=machine.described(out_dir), seconds=seconds, runs=runs)
    with TemporaryDirectory(prefix="instance-", dir=out_dir) as folder, ExitStack() as stack:
        bench = _Bench(report, Path(folder), stack, warm_s=warm_s, seconds=seconds)
        for number in range(1, runs + 1):
            for part in PARTS:
                for figure, measure in bench.due(part) if part in only else ():
                    _say(f"run {number} of {runs}: {part}) {figure.what}")
                    figure.runs.append(measure())
    (out_dir / "bench.md").write_text(report.as_markdown(), "utf-8")
    (out_dir / "bench.json").write_text(json.dumps(report.as_json(), indent=2) + "\n", "utf-8")
    return report


class _Bench:
    """The instances, and what is measured on copies of them."""

    def __init__(self, report: Report, work: Path, stack: ExitStack, *, warm_s: float, seconds: float) -> None:
        self._report = report
        self._work = work
        self._warm_s = warm_s
        self._seconds = seconds
        self._hot = instance.make(work / "one-lot", bidders=CLIENTS)
        self._wide = instance.make(work / "many-lots", bidders=CLIENTS, lots=LOTS)
        self._server = stack.enter_context(postgresql.server(work / "postgresql"))
        self._on_postgresql: Instance | None = None
        if self._server is not None:
            client = "pgbench" if self._server.pgbench else "psycopg threads"
            report.machine["PostgreSQL"] = f"{self._server.version}, client {client}"
            url = stack.enter_context(self._server.database())
            self._on_postgresql = instance.make(work / "on-postgresql", bidders=CLIENTS, database_url=url)
        self._nchan = nchan.find()

    def due(self, part: str) -> Due:
        """Return what one round measures in a part, one after another, so that all meet the same machine."""
        measures = {
            "a": self._one_lot,
            "b": self._many_lots,
            "c": self._paced,
            "d": self._watched,
            "e": self._bids_while_watched,
            "f": self._closing,
            "g": self._on_several,
            "h": self._in_a_browser,
            "i": self._while_the_house_works,
        }
        return measures[part]()

    def _one_lot(self) -> Due:
        figure = self._report.figure
        yield figure("a", "product", "techauction, SQLite, one process"), self._load("product", self._hot, CLIENTS)
        for connections in REFERENCE_CONNECTIONS:
            what = f"naive: Flask + ORM, a transaction a request, SQLite; connections: {connections}"
            yield figure("a", f"naive {connections}", what), self._load("naive", self._hot, connections)
        yield from self._straight()

    def _straight(self) -> Due:
        what = "straight on PostgreSQL: one function call"
        if self._server is None or self._on_postgresql is None:
            self._report.figure("a", "postgresql", what, left_out="no server")
            return
        for connections in REFERENCE_CONNECTIONS:
            figure = self._report.figure("a", f"postgresql {connections}", f"{what}; connections: {connections}")
            server, on = self._server, self._on_postgresql
            yield (
                figure,
                lambda server=server, on=on, connections=connections: as_run.called(  # type: ignore[misc]
                    straight.measure(server, on, connections=connections, warm_s=self._warm_s, seconds=self._seconds)
                ),
            )

    def _many_lots(self) -> Due:
        yield self._report.figure("b", "product", f"techauction, {LOTS} lots"), self._load("product", self._wide, CLIENTS)

    def _paced(self) -> Due:
        known = self._report.find("a", "product")
        full = None if known is None else known.runs[-1]["accepted_per_s"]
        if full is None:
            full = self._load("product", self._hot, CLIENTS)()["accepted_per_s"]
        assert full is not None
        for share in SHARES:
            figure = self._report.figure("c", f"{share}", f"at {share} %")
            yield figure, self._load("product", self._hot, OPEN_CONNECTIONS, rate=full * share / 100)

    def _watched(self) -> Due:
        for watchers, rounds in WATCHERS.items():
            figure = self._report.figure("d", f"product {watchers}", f"techauction, {watchers:,} watchers")
            yield (
                figure,
                lambda watchers=watchers, rounds=rounds: self._copied(  # type: ignore[misc]
                    self._hot, lambda copied: as_run.watched(live.to_the_last(copied, watchers=watchers, rounds=rounds))
                ),
            )
            what = f"nginx + nchan, {watchers:,} watchers"
            if self._nchan is None:
                self._report.figure("d", f"nchan {watchers}", what, left_out="not installed")
                continue
            yield (
                self._report.figure("d", f"nchan {watchers}", what),
                lambda found=self._nchan, watchers=watchers, rounds=rounds: self._in_folder(  # type: ignore[misc]
                    lambda folder: as_run.watched(live.to_the_last_by_nchan(found, folder, watchers=watchers, rounds=rounds))
                ),
            )

    def _bids_while_watched(self) -> Due:
        watchers = 1_000

        def measure(copied: Instance) -> Run:
            seen, watched = live.bids_while_watched(
                copied, watchers=watchers, rate=WATCHED_RATE, warm_s=self._warm_s, seconds=self._seconds
            )
            heard = watched.heard / watchers / (self._warm_s + seen.seconds)
            return {**as_run.seen(seen), "rate": WATCHED_RATE, "dropped": watched.dropped, "heard_per_s": heard}

        yield self._report.figure("e", "product", "techauction, 1,000 watchers"), lambda: self._copied(self._hot, measure)

    def _closing(self) -> Due:
        yield (
            self._report.figure("f", "product", f"techauction, {LOTS} lots"),
            lambda: self._in_folder(lambda folder: as_run.closed(closing.measure(folder, lots=LOTS, bidders=CLIENTS))),
        )
        server, workers = self._server, max(WORKERS)
        figure = self._report.figure("f", f"{workers}", f"techauction, {LOTS} lots, PostgreSQL, processes: {workers}")
        if server is None:
            figure.left_out = "no server"
            return

        def on_several(folder: Path) -> Run:
            with server.database() as url:
                return as_run.closed(closing.measure(folder, lots=LOTS, bidders=CLIENTS, database_url=url, workers=workers))

        yield figure, lambda: self._in_folder(on_several)

    def _on_several(self) -> Due:
        if self._report.best("a", "postgresql") is None or self._report.find("a", "product") is None:
            yield from self._straight()
        for workers in WORKERS:
            figure = self._report.figure("g", f"{workers}", f"techauction, PostgreSQL, processes: {workers}")
            if self._server is None or self._on_postgresql is None:
                figure.left_out = "no server"
            else:
                yield figure, lambda workers=workers: self._on_its_own_database(workers)  # type: ignore[misc]

    def _in_a_browser(self) -> Due:
        figure = self._report.figure("h", "product", "techauction, a Chromium in the room", left_out=browser_seen.missing())
        if not figure.left_out:
            yield (
                figure,
                lambda: self._copied(
                    self._hot, lambda copied: as_run.browser_seen(browser_seen.measure(copied, rounds=SCREEN_BIDS))
                ),
            )

    def _while_the_house_works(self) -> Due:
        def measure(copied: Instance) -> Run:
            seen, work = busy.measure(copied, instance.staff(copied), warm_s=self._warm_s)
            return as_run.busy(seen, work, rate=busy.RATE)

        yield self._report.figure("i", "product", "techauction, SQLite, one process"), lambda: self._copied(self._hot, measure)

    def _load(self, kind: str, template: Instance, connections: int, *, rate: float | None = None) -> Callable[[], Run]:
        def measure(copied: Instance) -> Run:
            seen = over_http.measure(
                kind, copied, connections=connections, warm_s=self._warm_s, seconds=self._seconds, rate=rate
            )
            return {**as_run.seen(seen), "rate": rate}

        return lambda: self._copied(template, measure)

    def _on_its_own_database(self, workers: int) -> Run:
        assert self._server is not None
        assert self._on_postgresql is not None
        with self._server.database(template=self._on_postgresql.settings().database_url) as url:
            return self._copied(
                self._on_postgresql,
                lambda copied: as_run.seen(
                    over_http.measure(
                        "product",
                        copied,
                        connections=CLIENTS,
                        warm_s=self._warm_s,
                        seconds=self._seconds,
                        workers=workers,
                    )
                ),
                url,
            )

    def _copied(self, template: Instance, measure: Callable[[Instance], Run], database_url: str | None = None) -> Run:
        return self._in_folder(lambda folder: measure(template.copy(folder, database_url)))

    def _in_folder(self, measure: Callable[[Path], Run]) -> Run:
        with TemporaryDirectory(prefix="run-", dir=self._work) as folder:
            return measure(Path(folder, "instance"))


def _say(progress: str) -> None:
    print(progress, file=sys.stderr, flush=True)
