import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from techauction.clock import SystemClock
from techauction.core.roundfile import MOST_BYTES
from techauction.db import writing
from techauction.store.consigning import RoundRow
from techauction.store.record import RecordRow
from tests.cli.conftest import Run
from tests.plans import a_bidder, a_plan

pytestmark = pytest.mark.usefixtures("installed")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file with the plan of a round that opens in an hour."""
    made = tmp_path / "round.json"
    made.write_text(json.dumps(a_plan(opens_at=SystemClock()() + timedelta(hours=1))), "utf-8")
    return made


def test_a_round_is_loaded_listed_and_shown(run: Run, file: Path) -> None:
    assert run("round", "load", file).exit_code == 0

    [listed] = json.loads(run("round", "list", "--format", "json").stdout)
    shown = json.loads(run("round", "show", "rehearsal", "--format", "json").stdout)
    assert (listed["slug"], listed["phase"], listed["lots"], listed["paddles"]) == ("rehearsal", "published", 2, 2)
    assert shown["stages"] == {"listed": 2}
    assert "rehearsal" in run("round", "list").stdout
    assert "演练场" in run("round", "show", "rehearsal").stdout


def test_what_is_wrong_with_a_file_is_printed_by_path_and_nothing_is_kept(
    run: Run, file: Path, open_store: Callable[[], Session]
) -> None:
    plan = json.loads(file.read_text("utf-8"))
    plan["lots"][1]["start_fen"] = -5
    plan["round"]["host_market"] = "moon"
    file.write_text(json.dumps(plan), "utf-8")

    answer = run("round", "load", file)

    assert answer.exit_code == 1
    paths = [line.partition(":")[0] for line in answer.stdout.splitlines()]
    assert "lots[1].start_fen" in paths
    assert "round.host_market" in paths
    assert len(answer.stderr.splitlines()) == 1
    with open_store() as session:
        assert session.scalars(select(RoundRow)).all() == []


def test_a_file_past_all_measure_is_not_read(run: Run, file: Path) -> None:
    with file.open("wb") as opened:
        opened.truncate(MOST_BYTES + 1)

    answer = run("round", "load", file)

    assert answer.exit_code == 1
    assert answer.stderr.endswith("has more than 32 MB\n")


def test_the_first_hundred_faults_of_a_file_are_printed(run: Run, file: Path) -> None:
    plan = json.loads(file.read_text("utf-8"))
    plan["enterprises"] = [a_bidder(number, market="mars") for number in range(1, 201)]
    file.write_text(json.dumps(plan), "utf-8")

    answer = run("round", "load", file)

    assert len(answer.stdout.splitlines()) == 100
    assert answer.stderr.endswith("cannot be loaded: 200 faults\n")


@pytest.mark.parametrize("text", ["", "{", "[]", "\ufffe", "[" * 100_000, "1" * 5_000])
def test_a_file_that_is_no_plan_is_refused_in_one_line(run: Run, file: Path, text: str) -> None:
    file.write_text(text, "utf-16" if text == "\ufffe" else "utf-8")

    answer = run("round", "load", file)

    assert answer.exit_code == 1
    assert len(answer.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("round", "show", "nowhere"),
        ("report", "value-added", "--round", "nowhere"),
        ("settlement", "export", "--round", "nowhere"),
        ("record", "verify", "--round", "nowhere"),
        ("record", "export", "--round", "nowhere"),
    ],
)
def test_a_round_that_does_not_exist_is_named(run: Run, arguments: tuple[str, ...]) -> None:
    answer = run(*arguments)

    assert answer.exit_code == 1
    assert answer.stdout == ""
    assert "nowhere" in answer.stderr


def test_the_value_added_report_is_printed_in_three_forms(run: Run, sold: str) -> None:
    report = json.loads(run("report", "value-added", "--round", sold, "--format", "json").stdout)
    text = run("report", "value-added", "--round", sold, "--format", "csv").stdout
    table = run("report", "value-added", "--round", sold).stdout

    totals = report["totals"]
    assert (totals["lots_sold"], totals["hammer_fen"], totals["value_added_rate"]) == (2, 530_000_000, "32.50")
    assert "32.50" in table
    assert list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))[-1][-3] == "32.50"


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_the_settlement_is_written_where_it_is_wanted(run: Run, sold: str, tmp_path: Path, form: str) -> None:
    out = tmp_path / f"wanted.{form}"

    answer = run("settlement", "export", "--round", sold, "--format", form, "--out", out)

    assert answer.exit_code == 0
    assert answer.stdout == f"{out}\n"
    if form == "xlsx":
        assert openpyxl.load_workbook(out, read_only=True).sheetnames
    else:
        assert out.read_bytes().startswith(b"\xef\xbb\xbf")


def test_without_a_name_the_settlement_goes_to_the_exports(run: Run, sold: str, installed: Path) -> None:
    answer = run("settlement", "export", "--round", sold)

    assert answer.stdout == f"{installed.resolve() / 'exports' / f'{sold}-settlement.xlsx'}\n"


def test_a_sound_record_is_verified_in_silence(run: Run, sold: str) -> None:
    answer = run("record", "verify", "--round", sold)

    assert answer.exit_code == 0
    assert answer.stdout == ""


def test_a_changed_record_is_found(run: Run, sold: str, open_store: Callable[[], Session]) -> None:
    with open_store() as session, writing(session):
        changed = session.scalars(select(RecordRow).where(RecordRow.kind == "bid")).first()
        assert changed is not None
        session.execute(update(RecordRow).where(RecordRow.id == changed.id).values(paddle=999))

    answer = run("record", "verify", "--round", sold)

    assert answer.exit_code == 1
    assert "wrong_hash" in answer.stdout
    assert len(answer.stderr.splitlines()) == 1


def test_the_record_is_exported_an_event_a_line(run: Run, sold: str) -> None:
    events = [json.loads(line) for line in run("record", "export", "--round", sold).stdout.splitlines()]

    lots = [each for each in events if "lot" in each]
    assert lots[0]["lot"] == f"{sold}/1"
    assert [each["seq"] for each in lots if each["lot"] == f"{sold}/1"] == [1, 2, 3, 4, 5]
    assert {each["kind"] for each in events} >= {"opened", "bid", "extended", "paused", "resumed", "hammered", "withheld"}


def test_a_file_that_says_a_name_twice_is_refused(run: Run, file: Path) -> None:
    file.write_text(file.read_text("utf-8").replace('"slug": ', '"slug": "other", "slug": ', 1), "utf-8")

    told = run("round", "load", str(file))

    assert (told.exit_code, run("round", "list", "--format", "json").stdout.strip()) == (1, "[]")
    assert "json_key_twice name=slug" in told.stderr
