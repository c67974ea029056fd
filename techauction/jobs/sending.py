"""Sending the notices that wait in the outbox."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage

import structlog
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, joinedload, sessionmaker

from techauction.db import writing
from techauction.jobs.links import link
from techauction.jobs.mailer import Mailer, Undeliverable
from techauction.letters import letter
from techauction.letters.letter import Letter
from techauction.store.notices import NoticeRow

log = structlog.get_logger()

TRIES = 3
"""So often a notice is put into words; one that cannot be is then given up, and shown to the administrator."""
AT_ONCE = 20
"""So many notices are claimed in one transaction, which must stay short beside a sale."""
BOTH = ("zh_Hans_CN", "en")
"""What is written to a user who has chosen no language."""


def send_notices(sessions: sessionmaker[Session], mailer: Mailer, *, now: datetime) -> int:
    """Send the notices that wait, and return how many; needs an app context, for the languages."""
    sent, after = 0, 0
    try:
        while notices := _waiting(sessions, after=after, now=now):
            after = notices[-1].id
            messages, wordless = {}, {}
            for notice in notices:
                try:
                    messages[notice.id] = _message(notice, mailer.sender)
                except Exception as error:  # one broken notice must not silence the others
                    log.exception("notice_not_written", notice=notice.id, what=notice.what)
                    wordless[notice.id] = f"{type(error).__name__}: {error}"
            if wordless:
                with sessions() as session, writing(session):
                    _try_again(session, wordless, now=now)
            sent += _claim_and_deliver(sessions, mailer, messages, now=now)
    except OSError:  # the outbox or the mail server takes nothing just now: they wait for the next tick
        log.exception("notices_not_delivered")
    finally:
        mailer.rest()
    return sent


def _waiting(sessions: sessionmaker[Session], *, after: int, now: datetime) -> Sequence[NoticeRow]:
    """Return notices to be sent, the first first; one that is held waits for its time, if its user does not see it before."""
    due = or_(NoticeRow.hold_until.is_(None), NoticeRow.hold_until <= now, NoticeRow.seen_at.is_not(None))
    with sessions() as session:
        return session.scalars(
            select(NoticeRow)
            .where(NoticeRow.sent_at.is_(None), NoticeRow.given_up_at.is_(None), NoticeRow.id > after, due)
            .order_by(NoticeRow.id)
            .limit(AT_ONCE)
            .options(joinedload(NoticeRow.user))
        ).all()


def _claim_and_deliver(
    sessions: sessionmaker[Session], mailer: Mailer, messages: dict[int, EmailMessage | None], *, now: datetime
) -> int:
    """Deliver the notices that nobody else has claimed, and let go of those that could not be delivered.

    No transaction is open while a mail server thinks. A process that dies in between has claimed what it did not deliver: the
    user reads it under the account.

    :raises OSError: nothing can be delivered now
    """
    with sessions() as session, writing(session):
        claimed = _claim(session, messages, now=now)
    left, refused = list(claimed), {}
    try:
        while left:
            message = messages[left[0]]
            if message is not None and (why := _deliver(mailer, left[0], message)):
                refused[left[0]] = why
            left.pop(0)
    finally:
        if left or refused:
            with sessions() as session, writing(session):
                _let_go(session, left)
                for notice_id, why in refused.items():
                    _give_up(session, notice_id, why, now=now)
    return len(claimed) - len(refused)


def _deliver(mailer: Mailer, notice_id: int, message: EmailMessage) -> str:
    """Deliver a message; return why it will never be, where that is so."""
    try:
        mailer.deliver(notice_id, message)
    except Undeliverable as error:  # it would be refused again
        log.warning("notice_undeliverable", notice=notice_id, why=str(error))
        return str(error) or "refused"
    return ""


def _try_again(session: Session, wordless: Mapping[int, str], *, now: datetime) -> None:
    """Count a try at each, and give up those that had enough."""
    for row in session.scalars(select(NoticeRow).where(NoticeRow.id.in_(wordless))):
        row.tries += 1
        if row.tries >= TRIES:
            _give_up(session, row.id, wordless[row.id], now=now)


def _give_up(session: Session, notice_id: int, why: str, *, now: datetime) -> None:
    """Leave a notice unsent for good. Its user reads it under the account, and the administrator sees why."""
    row = session.get_one(NoticeRow, notice_id)
    row.sent_at, row.given_up_at, row.failure = None, now, why[: NoticeRow.failure.type.length]


def _let_go(session: Session, notice_ids: Iterable[int]) -> None:
    session.execute(
        update(NoticeRow)
        .where(NoticeRow.id.in_(list(notice_ids)))
        .values(sent_at=None)
        .execution_options(synchronize_session=False)
    )


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


def _message(notice: NoticeRow, sender: str) -> EmailMessage | None:
    """Return the notice as a message; none for a user who gave no address, or has seen what was held for the page."""
    user = notice.user
    if notice.hold_until is not None and notice.seen_at is not None:
        return None
    try:
        address = Address(user.name, addr_spec=user.email) if user.email.isascii() else None
    except (ValueError, IndexError, MessageError):
        address = None
    if address is None or not address.domain:
        return None
    letters = []
    for locale in BOTH if user.locale is None else (user.locale,):
        with force_locale(locale):
            said = letter(notice.what, notice.facts)
            times = _("All times are Beijing time (UTC+8). The server's clock decides.")
            parts = (said.body, link(notice.facts, user.role), times)
            letters.append(Letter(said.subject, "\n\n".join(filter(None, parts))))
    message = EmailMessage()
    message["From"] = sender
    message["To"] = address
    message["Date"] = notice.created_at
    message["Message-ID"] = f"<notice-{notice.id}@localhost>"
    message["Subject"] = " / ".join(" ".join(each.subject.split()) for each in letters)
    message.set_content("\n\n--\n\n".join(each.body for each in letters) + "\n")
    return message
