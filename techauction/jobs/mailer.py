"""Where notices go: into files, one a notice, as a mail program would open them; or to a mail server."""

import os
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from techauction.settings import Settings, SettingsUnreadable

FROM = "techauction <no-reply@localhost>"
_PATIENCE_S = 20.0
_PORTS = {"smtp": 25, "smtps": 465}
_PERMANENT = 500


class Undeliverable(Exception):
    """The mail server will never take this message; the others are not its fault."""


class Mailer(Protocol):
    """What delivers messages. The same key again delivers nothing more, or a message that its `Message-ID` says is the same."""

    sender: str

    def deliver(self, key: int, message: EmailMessage) -> None:
        """Deliver the message under its key.

        :raises Undeliverable: never to be delivered
        :raises OSError: not now
        """

    def rest(self) -> None:
        """Let go of what was held open for the messages."""


class FileMailer:
    """Keeps each message in a file named by its key, so that sending it again changes nothing."""

    sender = FROM

    def __init__(self, outbox: Path) -> None:
        self._outbox = outbox

    def deliver(self, key: int, message: EmailMessage) -> None:
        """Write `<key>.eml`, whole or not at all."""
        self._outbox.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = self._outbox / f".{key:08d}.{os.getpid()}.part"
        part.write_bytes(message.as_bytes())
        part.replace(self._outbox / f"{key:08d}.eml")

    def rest(self) -> None:
        """Do nothing: no file stays open."""


class MailServerUnreadable(SettingsUnreadable):
    """The address of the mail server is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Which mail server takes the messages, how, and from whom they come."""

    host: str
    port: int
    tls: bool
    starttls: bool
    user: str
    password: str
    sender: str

    @classmethod
    def read(cls, url: str) -> "MailServer":
        """Return the server of `smtp://user:password@host:587?starttls=1&from=auction@example.org`, or of `smtps://…`.

        :raises MailServerUnreadable: as it says, without the password
        """
        try:
            parts = urlsplit(url)
            said: Mapping[str, str] = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
            port = parts.port or _PORTS[parts.scheme]
        except (KeyError, ValueError):
            raise MailServerUnreadable("a mail server is smtp://… or smtps://…") from None
        if not parts.hostname or parts.path not in ("", "/") or set(said) - {"starttls", "from"}:
            raise MailServerUnreadable("a mail server has a host, and of options `starttls` and `from`")
        return cls(
            host=parts.hostname,
            port=port,
            tls=parts.scheme == "smtps",
            starttls=said.get("starttls", "0") not in ("0", "no", "false"),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            sender=said.get("from", FROM),
        )


class SmtpMailer:
    """Hands messages to a mail server, on one connection for as many as there are."""

    def __init__(self, server: MailServer) -> None:
        self._at = server
        self._connection: smtplib.SMTP | None = None
        self.sender = server.sender

    def deliver(self, key: int, message: EmailMessage) -> None:
        """Hand the message over; its `Message-ID` has the key, for a server or reader that gets it twice."""
        del key
        if self._connection is None:
            self._connection = self._connect()
        try:
            self._connection.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            if all(code >= _PERMANENT for code, _ in error.recipients.values()):
                raise Undeliverable(str(error)) from error
            raise
        except smtplib.SMTPResponseException as error:
            self.rest()
            if error.smtp_code >= _PERMANENT and not isinstance(error, smtplib.SMTPAuthenticationError):
                raise Undeliverable(str(error)) from error
            raise
        except OSError:
            self.rest()
            raise

    def rest(self) -> None:
        """Take leave of the server."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.quit()
            except OSError:  # it has gone already
                connection.close()

    def _connect(self) -> smtplib.SMTP:
        at = self._at
        trust = ssl.create_default_context()
        if at.tls:
            connection: smtplib.SMTP = smtplib.SMTP_SSL(at.host, at.port, timeout=_PATIENCE_S, context=trust)
        else:
            connection = smtplib.SMTP(at.host, at.port, timeout=_PATIENCE_S)
        try:
            if at.starttls:
                connection.starttls(context=trust)
            if at.user:
                connection.login(at.user, at.password)
        except OSError:
            connection.close()
            raise
        return connection


def mailer_of(settings: Settings) -> Mailer:
    """Return where an installation's notices go: its mail server, or else files in its directory.

    :raises MailServerUnreadable: the setting is no address of one
    """
    if settings.smtp_url:
        return SmtpMailer(MailServer.read(settings.smtp_url))
    return FileMailer(settings.instance / "outbox")
