"""Where notices go: for now into files, one a notice, as a mail program would open them."""

import os
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

FROM = "techauction <no-reply@localhost>"


class Mailer(Protocol):
    """What delivers a message. The same key again delivers nothing more."""

    def deliver(self, key: int, message: EmailMessage) -> None:
        """Deliver the message under its key."""


class FileMailer:
    """Keeps each message in a file named by its key, so that sending it again changes nothing."""

    def __init__(self, outbox: Path) -> None:
        self._outbox = outbox

    def deliver(self, key: int, message: EmailMessage) -> None:
        """Write `<key>.eml`, whole or not at all."""
        self._outbox.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = self._outbox / f".{key:08d}.{os.getpid()}.part"
        part.write_bytes(message.as_bytes())
        part.replace(self._outbox / f"{key:08d}.eml")
