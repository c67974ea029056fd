"""Notices over SMTP: to a small server of the test's own, in a thread."""

import socketserver
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from flask_babel import Babel
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from techauction.jobs.mailer import FileMailer, MailServer, MailServerUnreadable, SmtpMailer, Undeliverable, mailer_of
from techauction.jobs.sending import send_notices
from techauction.services.notices import notify
from techauction.settings import Settings
from techauction.store.notices import NoticeRow
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


@dataclass
class Post:
    """A mail server: what it was given, and whom it takes nothing for."""

    port: int = 0
    connections: int = 0
    signed_in: list[str] = field(default_factory=list)
    messages: list[EmailMessage] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    busy: bool = False


class _Handler(socketserver.StreamRequestHandler):
    post: Post

    def handle(self) -> None:
        """Speak as much of SMTP as a client needs."""
        self.post.connections += 1
        self._say("220 post")
        for line in iter(self.rfile.readline, b""):
            word, _, rest = line.decode().strip().partition(" ")
            match word.upper():
                case "EHLO":
                    self._say("250-post\r\n250-AUTH PLAIN\r\n250 8BITMIME")
                case "AUTH":
                    self.post.signed_in.append(rest)
                    self._say("235 welcome")
                case "MAIL":
                    self._say("451 come back later" if self.post.busy else "250 ok")
                case "RCPT":
                    known = not any(each in rest for each in self.post.unknown)
                    self._say("250 ok" if known else "550 nobody here is called so")
                case "DATA":
                    self._say("354 go on")
                    body = b"".join(iter(self.rfile.readline, b".\r\n"))
                    parsed = message_from_bytes(body, policy=default)
                    assert isinstance(parsed, EmailMessage)
                    self.post.messages.append(parsed)
                    self._say("250 kept")
                case "QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("250 ok")

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


@pytest.fixture
def post() -> Iterator[Post]:
    """Yield a mail server that listens."""
    made = Post()
    handler = type("Handler", (_Handler,), {"post": made})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        made.port = server.server_address[1]
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield made
        server.shutdown()
        thread.join()


@pytest.fixture
def app() -> Flask:
    """Return an app that has languages and nothing else."""
    made = Flask(__name__)
    Babel(made, default_locale="en")
    return made


def url(post: Post, user: str = "") -> str:
    return f"smtp://{user}127.0.0.1:{post.port}?from=auction%40example.org"


def send(app: Flask, sessions: sessionmaker[Session], post: Post) -> int:
    with app.app_context():
        return send_notices(sessions, SmtpMailer(MailServer.read(url(post))), now=TEN)


def tell(sessions: sessionmaker[Session], *addresses: str) -> None:
    with sessions.begin() as session:
        for address in addresses:
            user = a_user(session, email=address, locale="en")
            notify(session, user_ids=[user.id], what="case_opened", facts=FACTS, now=TEN)


def test_notices_go_to_the_mail_server_on_one_connection(app: Flask, sessions: sessionmaker[Session], post: Post) -> None:
    tell(sessions, "ada@example.org", "bo@example.org")

    assert [send(app, sessions, post) for _ in range(2)] == [2, 0]

    assert [each["To"].addresses[0].addr_spec for each in post.messages] == ["ada@example.org", "bo@example.org"]
    assert {each["From"] for each in post.messages} == {"auction@example.org"}
    assert "Battery" in post.messages[0].get_content()
    assert post.connections == 1


def test_an_address_that_nobody_has_holds_up_no_other(app: Flask, sessions: sessionmaker[Session], post: Post) -> None:
    tell(sessions, "gone@example.org", "bo@example.org")
    post.unknown = {"gone@example.org"}

    assert [send(app, sessions, post) for _ in range(2)] == [1, 0]

    assert len(post.messages) == 1


def test_a_busy_server_gets_everything_later(app: Flask, sessions: sessionmaker[Session], post: Post) -> None:
    tell(sessions, "ada@example.org", "bo@example.org")
    post.busy = True
    assert send(app, sessions, post) == 0
    with sessions() as session:
        assert set(session.scalars(select(NoticeRow.sent_at))) == {None}

    post.busy = False

    assert send(app, sessions, post) == 2
    assert len(post.messages) == 2


def test_a_server_that_is_away_gets_everything_later(app: Flask, sessions: sessionmaker[Session], post: Post) -> None:
    tell(sessions, "ada@example.org")
    away = Post(port=1)
    assert send(app, sessions, away) == 0

    assert send(app, sessions, post) == 1


def test_the_house_signs_in_where_it_was_told_to(post: Post) -> None:
    mailer = SmtpMailer(MailServer.read(url(post, "house:pass%40word@")))
    message = EmailMessage()
    message["From"], message["To"] = "auction@example.org", "ada@example.org"

    mailer.deliver(1, message)
    mailer.rest()

    assert len(post.signed_in) == 1
    assert len(post.messages) == 1


def test_what_is_refused_for_good_is_said(post: Post) -> None:
    post.unknown = {"ada@example.org"}
    message = EmailMessage()
    message["From"], message["To"] = "auction@example.org", "ada@example.org"

    mailer = SmtpMailer(MailServer.read(url(post)))

    with pytest.raises(Undeliverable):
        mailer.deliver(1, message)

    mailer.rest()


@pytest.mark.parametrize(
    "text",
    ["mail.example.org", "http://mail.example.org", "smtp://", "smtp://host:port", "smtp://host?tls=1", "smtp://host/inbox"],
)
def test_an_address_of_no_mail_server_is_refused(text: str) -> None:
    with pytest.raises(MailServerUnreadable):
        MailServer.read(text)


def test_an_address_says_everything() -> None:
    assert MailServer.read("smtps://a%40b:c@mail.example.org") == MailServer(
        host="mail.example.org",
        port=465,
        tls=True,
        starttls=False,
        user="a@b",
        password="c",
        sender="techauction <no-reply@localhost>",
    )
    assert MailServer.read("smtp://mail.example.org:587?starttls=1").starttls


def test_without_a_mail_server_notices_go_into_files(tmp_path: Path) -> None:
    said = {"instance": tmp_path, "secret_key": "s", "database_url": "sqlite://"}

    assert isinstance(mailer_of(Settings(**said)), FileMailer)  # type: ignore[arg-type]
    assert isinstance(mailer_of(Settings(**said, smtp_url="smtp://mail.example.org")), SmtpMailer)  # type: ignore[arg-type]
