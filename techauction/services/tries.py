"""Counting passwords that are tried, before they are looked at: tries that come at once are counted like others."""

import hmac
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from techauction.core import tries as rules
from techauction.store.audit import AuditRow
from techauction.store.people import UserRow, UserSessionRow
from techauction.store.tries import TriesRow

_LONGEST_DETAIL = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A password that is tried: by which name, at which address, and in which sign-in where there is one already.

    `secret` keys the hashes by which it is counted.
    """

    sign_in_name: str
    address: str
    secret: str
    session_id: int | None = None

    @property
    def place(self) -> str:
        """Return where it comes from."""
        return rules.place_of(self.address)

    @property
    def keys(self) -> tuple[str, str, str]:
        """Return by what it is counted: together, from the place, of the name. All lock their rows in this order."""
        at = self.place if self.session_id is None else f"session {self.session_id}"
        return self._key("both", self.sign_in_name, at), self._key("place", self.place), self._key("name", self.sign_in_name)

    def _key(self, *parts: str) -> str:
        return _hashed(self.secret, *parts)


@dataclass(frozen=True, slots=True)
class Counted:
    """Which try it is, of this name from this place, and from the place."""

    together: int
    from_place: int


def begin(session: Session, attempt: Attempt, *, now: datetime, enforced: bool = True) -> Counted:
    """Count a try, whose password is then looked at outside of any transaction; `enforced`: whether there are limits.

    :raises TooManyTries: it is not to be looked at; nothing is counted then
    """
    known = attempt.session_id is not None or _is_known(session, attempt, now)
    together, from_place, of_name = (_count(session, key, now) for key in attempt.keys)
    if enforced:
        rules.must_be_few(together=together, of_name=of_name, from_place=from_place, known=known)
    _forget(session, now)
    return Counted(together, from_place)


def right(session: Session, attempt: Attempt) -> None:
    """Take back what was counted: the password was right."""
    together, *rest = attempt.keys
    session.execute(delete(TriesRow).where(TriesRow.key == together))
    for key in rest:
        session.execute(update(TriesRow).where(TriesRow.key == key, TriesRow.tries > 0).values(tries=TriesRow.tries - 1))


def wrong(session: Session, attempt: Attempt, counted: Counted, *, user_id: int | None, now: datetime) -> None:
    """Note that a password was wrong: of each name from a place the first and the last that was looked at.

    Of names that nobody has only the first from a place is noted, and not the name: it may be a password.
    """
    worth = counted.from_place == 1 if user_id is None else counted.together in (1, rules.MOST)
    if not worth or _count(session, _hashed(attempt.secret, "audit"), now) > rules.MOST_NOTED:
        return
    inside = attempt.session_id is not None
    session.add(
        AuditRow(
            at=now,
            by_id=user_id if inside else None,
            what="password.refused" if inside else "session.refused",
            about="no user" if user_id is None else f"user {user_id}",
            detail=f"{attempt.address} ({counted.together})"[:_LONGEST_DETAIL],
        )
    )


def _hashed(secret: str, *parts: str) -> str:
    return hmac.digest(secret.encode(), "\n".join(("tries", *parts)).encode(), "sha256").hex()


def _is_known(session: Session, attempt: Attempt, now: datetime) -> bool:
    """Return whether somebody has signed in by this name from this place, not long ago."""
    addresses = session.scalars(
        select(UserSessionRow.address)
        .join(UserSessionRow.user)
        .where(UserRow.sign_in_name == attempt.sign_in_name, UserSessionRow.created_at > now - rules.KNOWN_FOR)
        .distinct()
    )
    return any(rules.place_of(each) == attempt.place for each in addresses)


def _forget(session: Session, now: datetime) -> None:
    """Delete what is over, but what another transaction has in hand: two that wait for each other would both fail."""
    over = select(TriesRow.key).where(TriesRow.began_at <= now - 2 * rules.WINDOW).with_for_update(skip_locked=True)
    session.execute(delete(TriesRow).where(TriesRow.key.in_(over)), execution_options={"synchronize_session": False})


def _count(session: Session, key: str, now: datetime) -> int:
    """Count one more, and return how many there are since the window began; the row stays locked."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    over = TriesRow.began_at <= now - rules.WINDOW
    found: int | None = session.scalar(
        insert(TriesRow)
        .values(key=key, began_at=now, tries=1)
        .on_conflict_do_update(
            index_elements=[TriesRow.key],
            set_={
                "began_at": case((over, now), else_=TriesRow.began_at),
                "tries": case((over, 1), else_=TriesRow.tries + 1),
            },
        )
        .returning(TriesRow.tries)
    )
    assert found is not None
    return found
