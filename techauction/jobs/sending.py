"""Sending the notices that wait in the outbox."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage

import structlog
from flask_babel import force_locale
from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload, sessionmaker

from techauction.db import writing
from techauction.jobs.mailer import FROM, Mailer
from techauction.letters import letter
from techauction.store.notices import NoticeRow

log = structlog.get_logger()

AT_ONCE = 20
"""So many notices are claimed in one transaction, which must stay short beside a sale."""
BOTH = ("zh_Hans_CN", "en")
"""What is written to a user who has chosen no language."""


def send_notices(sessions: sessionmaker[Session], mailer: Mailer, *, now: datetime) -> int:
    """Send the notices that wait, and return how many; needs an app context, for the languages."""
    sent, after = 0, 0
    while notices := _waiting(sessions, after=after):
        after = notices[-1].id
        messages = {}
        for notice in notices:
            try:
                messages[notice.id] = _message(notice)
            except Exception:  # one broken notice must not silence the others
                log.exception("notice_not_written", notice=notice.id, what=notice.what)
        sent += _claim_and_deliver(sessions, mailer, messages, now=now)
    return sent


def _waiting(sessions: sessionmaker[Session], *, after: int) -> Sequence[NoticeRow]:
    with sessions() as session:
        return session.scalars(
            select(NoticeRow)
            .where(NoticeRow.sent_at.is_(None), NoticeRow.id > after)
            .order_by(NoticeRow.id)
            .limit(AT_ONCE)
            .options(joinedload(NoticeRow.user))
        ).all()


def _claim_and_deliver(
    sessions: sessionmaker[Session], mailer: Mailer, messages: dict[int, EmailMessage | None], *, now: datetime
) -> int:
    """Deliver the notices that nobody else has claimed. A crash before the commit delivers them again, under the same keys."""
    try:
        with sessions() as session, writing(session):
            claimed = _claim(session, messages, now=now)
            for notice_id in claimed:
                message = messages[notice_id]
                if message is not None:
                    mailer.deliver(notice_id, message)
    except OSError:  # the outbox cannot be written to: they wait for the next tick
        log.exception("notices_not_delivered", notices=len(messages))
        return 0
    return len(claimed)


def _claim(session: Session, notice_ids: Iterable[int], *, now: datetime) -> list[int]:
    return sorted(
        session.scalars(
            update(NoticeRow)
            .where(NoticeRow.id.in_(notice_ids), NoticeRow.sent_at.is_(None))
            .values(sent_at=now)
            .returning(NoticeRow.id)
            .execution_options(synchronize_session=False)
        )
    )


def _message(notice: NoticeRow) -> EmailMessage | None:
    """Return the notice as a message; none for a user who gave no address, and reads it under the account."""
    user = notice.user
    try:
        address = Address(user.name, addr_spec=user.email) if user.email.isascii() else None
    except (ValueError, IndexError, MessageError):
        address = None
    if address is None or not address.domain:
        return None
    letters = []
    for locale in BOTH if user.locale is None else (user.locale,):
        with force_locale(locale):
            letters.append(letter(notice.what, notice.facts))
    message = EmailMessage()
    message["From"] = FROM
    message["To"] = address
    message["Date"] = notice.created_at
    message["Message-ID"] = f"<notice-{notice.id}@localhost>"
    message["Subject"] = " / ".join(" ".join(each.subject.split()) for each in letters)
    message.set_content("\n\n--\n\n".join(each.body for each in letters) + "\n")
    return message
