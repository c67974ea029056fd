"""`techauction demo`: the whole demonstration, from an empty directory to a live round."""

import contextlib
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from techauction import lock, migrating, serving
from techauction.asgi import Process
from techauction.clock import Clock, SystemClock
from techauction.core.custody import Custody
from techauction.core.refusal import Refusal
from techauction.core.round import Phase
from techauction.custody import key_ring
from techauction.db import make_engine, writing
from techauction.demo import live
from techauction.demo.data import JOINT
from techauction.demo.live import Loaded
from techauction.demo.play import play
from techauction.demo.show import Show
from techauction.reports.exports import Format, export_settlement, settlement_name
from techauction.reports.value_added import compile_report
from techauction.reports.writers.value_added import write_table
from techauction.settings import Settings, load
from techauction.store.consigning import RoundRow
from techauction.web import demo as sign_in

MARKER = ".demo"
"""The file by which a demonstration's directory is known; no other directory is ever emptied."""
PORTS = 50
"""So many ports are tried from the wanted one on."""
_FORMATS: tuple[Format, ...] = ("xlsx", "csv")
_HARMLESS = ("lock", ".gitkeep")


class NotADemonstration(Refusal):
    """The directory holds something else than a demonstration."""

    code = "not_a_demonstration"

    def __init__(self, directory: str) -> None:
        super().__init__(directory=directory)


def run(directory: Path, *, serve: bool = True, fresh: bool = False, host: str = "127.0.0.1", port: int = 5000) -> None:
    """Play the round of 6 June 2020 in `directory`, unless it stands there already, report it, and serve a live round.

    The report and the names of the files written go to standard output, all else to standard error.

    :raises NotADemonstration, InstanceBusy, AddressTaken: as they say
    """
    clock = SystemClock()
    loaded: Loaded | None = None
    with lock.held(directory, "demo"):
        settings = prepare(directory, fresh=fresh)
        with _engine(settings) as engine:
            custody = key_ring(settings)
            _play_once(engine, custody)
            _report(engine, settings, clock)
            if serve:
                listening = serving.listen(host, port, tries=PORTS)
                live.end_earlier(engine, clock, custody=custody)
                with Session(engine) as session, writing(session):
                    loaded = live.load(session, custody=custody, now=clock())
    if loaded is not None:
        _serve(settings, clock, listening, loaded)


def prepare(directory: Path, *, fresh: bool) -> Settings:
    """Return the settings of a demonstration's directory, which is marked as one, and emptied first if that is wanted.

    :raises NotADemonstration: there is something else in it
    """
    here = [each for each in directory.iterdir() if each.name not in _HARMLESS]
    if here and not (directory / MARKER).is_file():
        raise NotADemonstration(str(directory))
    if fresh:
        _empty(directory)
    (directory / MARKER).touch()
    settings_file = directory / "settings.toml"
    if not settings_file.exists():
        settings_file.write_text("demo = true\n", "utf-8")
    # A variable that names a house's database must not lead a demonstration there.
    return load(directory, {name: value for name, value in os.environ.items() if name != "TECHAUCTION_DATABASE_URL"})


def _empty(directory: Path) -> None:
    """Delete what is in a demonstration's directory, the marker last, and all but the lock that is held."""
    for each in directory.iterdir():
        if each.name in (*_HARMLESS, MARKER):
            continue
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
        else:
            each.unlink()


@contextlib.contextmanager
def _engine(settings: Settings) -> Iterator[Engine]:
    engine = make_engine(settings.database_url, checkpoints=True)
    try:
        migrating.upgrade(engine)
        yield engine
    finally:
        engine.dispose()


def _play_once(engine: Engine, custody: Custody) -> None:
    """Play the round if it was not played here; a play that was broken off begins again from nothing."""
    with Session(engine) as session:
        phase = session.scalar(select(RoundRow.phase).where(RoundRow.slug == JOINT))
    if phase is Phase.CLOSED:
        _tell(f"{JOINT} was played here before")
        return
    if phase is not None:
        _tell(f"the play of {JOINT} was broken off; it begins again")
        migrating.start_over(engine)
    with click.progressbar(length=1, label=f"playing {JOINT}", file=sys.stderr) as bar:

        def progress(done: int, of: int) -> None:
            bar.length = of
            bar.update(done - bar.pos)

        play(engine, custody=custody, progress=progress)


def _report(engine: Engine, settings: Settings, clock: Clock) -> None:
    """Print the value added by field and in total, write the settlement, and name its files."""
    with Session(engine) as session:
        compiled = compile_report(session, JOINT)
        files = [
            export_settlement(
                session, slug=JOINT, form=form, file=settings.exports / settlement_name(JOINT, form), now=clock(), language="zh"
            )
            for form in _FORMATS
        ]
    totals = compiled.totals
    click.echo(f"{compiled.title.en} · {compiled.title.zh}\n")
    click.echo(write_table(compiled))
    click.echo(
        f"{totals.lots_sold} of {totals.lots_offered} sold, {totals.sold_start.in_wan()}万元 -> {totals.hammer.in_wan()}万元, "
        f"value added {totals.value_added_rate} %; {compiled.enterprises} enterprises, {totals.bids} bids"
    )
    for file in files:
        click.echo(str(file))


def _serve(settings: Settings, clock: Clock, listening: socket.socket, loaded: Loaded) -> None:
    """Serve until a signal; once the process answers, the rivals come, and the visitor is told where to go."""
    engine = make_engine(settings.database_url)
    address = serving.address_of(listening)
    shows: list[Show] = []

    def announce(loaded: Loaded) -> None:
        _tell(f"the round {loaded.slug} opens in a few seconds: {address}/rounds/{loaded.slug}")

    def ready(process: Process) -> None:
        sessions = sessionmaker(engine, expire_on_commit=False)
        custody = key_ring(settings)
        shows.append(Show(sessions, process.auctioneer, clock, custody=custody, first=loaded, tell=announce))
        shows[0].start()
        announce(loaded)
        _tell(f"sign in as anybody at {address}{sign_in.link(settings)}")
        _tell(f"serving on {address}; Ctrl-C ends it")

    try:
        serving.serve(settings, clock, listening, ready=ready)
    finally:
        for each in shows:
            each.stop()
        engine.dispose()


def _tell(line: str) -> None:
    click.echo(line, err=True)
