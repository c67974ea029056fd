"""Notices leave the outbox once, in the language of whoever reads them."""

import email
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from flask_babel import Babel
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from techauction.app import create_app
from techauction.clock import ManualClock
from techauction.db import make_engine
from techauction.jobs.links import link
from techauction.jobs.mailer import FileMailer, Undeliverable
from techauction.jobs.sending import send_notices
from techauction.queries.notices import Unsent, unsent
from techauction.saleroom.auctioneer import Auctioneer
from techauction.services.notices import notify
from techauction.settings import Settings
from techauction.store.notices import NoticeRow
from techauction.store.people import Role
from tests.builders import a_user
from tests.conftest import TEN

FACTS: dict[str, int | str | None] = {
    "slug": "r",
    "number": 7,
    "lot_id": 7,
    "title_zh": "电池",
    "title_en": "Battery",
    "kind": "sold",
}
Tell = Callable[..., None]


@pytest.fixture
def app() -> Iterator[Flask]:
    """Yield an app that has languages and nothing else."""
    made = Flask(__name__)
    Babel(made, default_locale="en")
    return made


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    """Return where the messages go."""
    return tmp_path / "outbox"


@pytest.fixture
def tell(sessions: sessionmaker[Session]) -> Tell:
    """Return a maker of a user who is told of a case."""

    def make(what: str = "case_opened", facts: dict[str, int | str | None] = FACTS, **more: object) -> None:
        with sessions.begin() as session:
            notify(session, user_ids=[a_user(session, **more).id], what=what, facts=facts, now=TEN)

    return make


def send(app: Flask, sessions: sessionmaker[Session], outbox: Path) -> int:
    with app.app_context():
        return send_notices(sessions, FileMailer(outbox), now=TEN)


def messages(outbox: Path) -> list[EmailMessage]:
    return [email.message_from_bytes(each.read_bytes(), policy=default) for each in sorted(outbox.glob("*.eml"))]


def given_up(sessions: sessionmaker[Session]) -> tuple[Unsent, ...]:
    with sessions() as session:
        return unsent(session, page=1).notices


def test_a_title_of_two_lines_makes_one_subject(app: Flask, sessions: sessionmaker[Session], outbox: Path, tell: Tell) -> None:
    titles = {"title_zh": "电池\r\n二", "title_en": "Battery\r\nBcc: eve@example.org"}
    tell("result_returned", {**FACTS, **titles, "reason": "Why."}, email="mei@example.org", locale="en")

    assert send(app, sessions, outbox) == 1

    [message] = messages(outbox)
    assert message["Subject"] == "Returned: Battery Bcc: eve@example.org"
    assert message["Bcc"] is None


def test_a_notice_is_sent_once(app: Flask, sessions: sessionmaker[Session], outbox: Path, tell: Tell) -> None:
    tell(name="梅雪", email="mei@example.org", locale="en")

    assert [send(app, sessions, outbox) for _ in range(3)] == [1, 0, 0]

    [message] = messages(outbox)
    assert message["To"] == "梅雪 <mei@example.org>"
    assert message["Subject"] == "New case: lot 7"
    assert "Battery" in message.get_content()
    with sessions() as session:
        assert session.scalars(select(NoticeRow.sent_at)).all() == [TEN]


@pytest.mark.parametrize(
    ("role", "facts", "path"),
    [
        (Role.ENTERPRISE, FACTS, "/bidder/rounds/r/lots/7"),
        (Role.ORGANIZER, FACTS, "/rounds/r/lots/7"),
        (Role.ORGANIZER, {**FACTS, "number": None}, "/organizer/rounds/r"),
        (Role.ENTERPRISE, {**FACTS, "number": None}, "/rounds/r"),
        (Role.ENTERPRISE, {**FACTS, "slug": None}, "/account/notices"),
    ],
)
def test_a_mail_leads_to_what_it_is_about(role: Role, facts: dict[str, int | str | None], path: str, tmp_path: Path) -> None:
    settings = Settings(
        instance=tmp_path,
        secret_key="s",
        database_url=f"sqlite:///{tmp_path / 'mail.db'}",
        public_url="https://auction.example.org/",
    )
    clock = ManualClock(TEN)
    house = create_app(settings, clock, Auctioneer(sessionmaker(make_engine(settings.database_url)), clock))

    with house.app_context():
        assert link(facts, role) == f"https://auction.example.org{path}"
        house.config["PUBLIC_URL"] = ""
        assert link(facts, role) is None


def test_the_link_stands_in_the_mail(app: Flask, sessions: sessionmaker[Session], outbox: Path, tell: Tell) -> None:
    app.config["PUBLIC_URL"] = "https://auction.example.org"
    app.add_url_rule("/rounds/<slug>/lots/<int:number>", "catalogue.lot")
    tell(email="mei@example.org", locale="en")

    send(app, sessions, outbox)

    assert "\n\nhttps://auction.example.org/rounds/r/lots/7\n\n" in messages(outbox)[0].get_content()


def test_a_user_who_chose_no_language_reads_both(app: Flask, sessions: sessionmaker[Session], outbox: Path, tell: Tell) -> None:
    tell()

    send(app, sessions, outbox)

    body = messages(outbox)[0].get_content()
    assert "电池" in body
    assert "Battery" in body
    assert body.count("UTC+8") == 2


@pytest.mark.parametrize("address", ["", "nobody", "@", "a@", "雪@例.cn", "a b@c", "x@example.org\nBcc: y@example.org"])
def test_a_user_without_a_usable_address_reads_it_on_the_page_only(
    app: Flask, sessions: sessionmaker[Session], outbox: Path, tell: Tell, address: str
) -> None:
    tell(email=address)

    assert send(app, sessions, outbox) == 1

    assert messages(outbox) == []


def test_a_broken_notice_is_given_up_after_three_tries_and_silences_no_other(
    app: Flask, sessions: sessionmaker[Session], outbox: Path, tell: Tell
) -> None:
    tell(facts={"number": 1})
    tell()

    assert send(app, sessions, outbox) == 1
    assert given_up(sessions) == ()
    assert [send(app, sessions, outbox) for _ in range(3)] == [0, 0, 0]

    assert len(messages(outbox)) == 1
    [unsent_] = given_up(sessions)
    assert unsent_.failure.startswith("KeyError")
    with sessions() as session:
        assert session.scalars(select(NoticeRow.tries).order_by(NoticeRow.id)).all() == [3, 0]


def test_a_notice_that_the_mail_server_refuses_for_good_is_shown(
    app: Flask, sessions: sessionmaker[Session], outbox: Path, tell: Tell
) -> None:
    class Refusing(FileMailer):
        def deliver(self, key: int, message: EmailMessage) -> None:
            raise Undeliverable(f"550 no such mailbox: {key} {message['To']}")

    tell(email="mei@example.org")

    with app.app_context():
        assert [send_notices(sessions, Refusing(outbox), now=TEN) for _ in range(2)] == [0, 0]

    [unsent_] = given_up(sessions)
    assert unsent_.failure.startswith("550 no such mailbox")
    assert unsent_.email == "mei@example.org"


def test_notices_that_cannot_be_delivered_wait(app: Flask, sessions: sessionmaker[Session], outbox: Path, tell: Tell) -> None:
    tell()
    outbox.write_text("in the way")
    assert send(app, sessions, outbox) == 0

    outbox.unlink()

    assert send(app, sessions, outbox) == 1


def test_a_long_outbox_is_sent_in_one_tick(app: Flask, sessions: sessionmaker[Session], outbox: Path) -> None:
    with sessions.begin() as session:
        user = a_user(session)
        for _ in range(45):
            notify(session, user_ids=[user.id], what="case_opened", facts=FACTS, now=TEN)

    assert send(app, sessions, outbox) == 45


def test_two_processes_send_each_notice_once(app: Flask, sessions: sessionmaker[Session], outbox: Path, tmp_path: Path) -> None:
    with sessions.begin() as session:
        user = a_user(session)
        for _ in range(60):
            notify(session, user_ids=[user.id], what="case_opened", facts=FACTS, now=TEN)
    sent: list[int] = []
    boxes = [outbox, tmp_path / "other"]

    threads = [Thread(target=lambda box=box: sent.append(send(app, sessions, box))) for box in boxes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(sent) == 60
    assert sum(len(messages(box)) for box in boxes) == 60
