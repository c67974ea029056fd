import dataclasses
from pathlib import Path

from techauction.app import create_app
from techauction.clock import ManualClock
from techauction.db import db
from techauction.saleroom.auctioneer import Auctioneer
from techauction.settings import Settings
from tests.web.conftest import Browser


def test_a_process_at_work_lives_and_is_ready(visitor: Browser) -> None:
    assert visitor.get("/healthz").json == {"alive": True}
    assert visitor.get("/readyz").json == {"auctioneer": True, "database": True, "write": True}


def test_without_its_auctioneer_it_lives_but_is_not_ready(visitor: Browser, auctioneer: Auctioneer) -> None:
    auctioneer.stop()

    assert visitor.get("/healthz").status_code == 200
    assert visitor.get("/readyz").status_code == 503
    assert visitor.get("/readyz").json == {"auctioneer": False, "database": True, "write": False}


def test_a_house_whose_database_was_removed_is_not_ready_and_says_why(visitor: Browser, settings: Settings) -> None:
    assert visitor.get("/readyz").status_code == 200

    Path(f"{settings.database_url.removeprefix('sqlite:///')}-wal").unlink()

    assert visitor.get("/readyz").status_code == 503
    assert visitor.get("/readyz").json["files"] is False  # type: ignore[index]


def test_this_machine_may_read_the_metrics(visitor: Browser) -> None:
    visitor.get("/healthz")

    answer = visitor.get("/metrics")

    assert 'techauction_requests_total{endpoint="health.healthz",method="GET",status="200"} 1.0' in answer.text
    assert "techauction_auctioneer_alive 1.0" in answer.text


def test_strangers_may_not_read_the_metrics(visitor: Browser) -> None:
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}

    assert visitor.get("/metrics", environ_base=elsewhere).status_code == 404
    assert visitor.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404


def test_behind_a_proxy_nobody_comes_from_this_machine(
    settings: Settings, clock: ManualClock, auctioneer: Auctioneer, visitor: Browser
) -> None:
    app = create_app(dataclasses.replace(settings, trusted_proxies=1), clock, auctioneer)

    assert app.test_client().get("/metrics").status_code == 404
    assert app.test_client().get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404
    assert visitor.get("/metrics", headers={"Host": "auction.example.org"}).status_code == 404
    with app.app_context():
        db.engine.dispose()


def test_a_token_opens_the_metrics(settings: Settings, clock: ManualClock, auctioneer: Auctioneer) -> None:
    app = create_app(dataclasses.replace(settings, metrics_token="collect"), clock, auctioneer)
    client, elsewhere = app.test_client(), {"REMOTE_ADDR": "203.0.113.9"}

    right = client.get("/metrics", environ_base=elsewhere, headers={"Authorization": "Bearer collect"})
    wrong = client.get("/metrics", environ_base=elsewhere, headers={"Authorization": "Bearer guess"})

    assert (right.status_code, wrong.status_code) == (200, 404)
    with app.app_context():
        db.engine.dispose()


def test_a_made_up_method_makes_no_series_of_its_own(visitor: Browser) -> None:
    visitor.open("/healthz", method="INVENTED")

    assert "INVENTED" not in visitor.get("/metrics").text
