"""Renaming an organisation: one asks, another approves, and every round that goes on has it on record."""

from datetime import datetime

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from techauction.core import renaming
from techauction.core.approval import ApprovalStale, Decision
from techauction.core.binding import binding
from techauction.core.names import Name
from techauction.core.refusal import NoSuch
from techauction.core.round import Phase
from techauction.core.round_record import RoundKind
from techauction.services import round_record
from techauction.services.notices import Facts, notify, organizers, users
from techauction.store.auction import PaddleRow
from techauction.store.audit import AuditRow
from techauction.store.consigning import RoundRow
from techauction.store.loading import HERE
from techauction.store.people import OrganisationRow, Role, UserRow
from techauction.store.renames import RenameRow

_OVER = (Phase.CLOSED, Phase.CALLED_OFF)


def ask(session: Session, *, organisation_id: int, wanted: Name, reason: str, by_id: int, now: datetime) -> int:
    """Ask for a new name of an organisation, and return the request's id; it stays as it is until another approves.

    :raises NoSuch: no such organisation, or not the asker's to rename
    :raises ReasonNeeded, SameName, RenameWaits: as they say
    """
    row = _organisation_for_update(session, organisation_id, by_id)
    waiting = select(RenameRow.id).where(
        RenameRow.organisation_id == organisation_id, RenameRow.decision.is_(None), RenameRow.expires_at > now
    )
    renaming.ask(row.name, wanted, reason=reason, waits=session.scalar(waiting.limit(1)) is not None)

    asked = RenameRow(
        organisation_id=organisation_id,
        old_zh=row.name_zh,
        old_en=row.name_en,
        new_zh=wanted.zh,
        new_en=wanted.en,
        reason=reason,
        asked_by_id=by_id,
        asked_at=now,
        expires_at=now + renaming.LASTS,
    )
    session.add(asked)
    session.flush()
    _audit(session, asked, "organisation.rename_asked", by_id, now)
    others = users(session, _may_rename(row) & (UserRow.id != by_id))
    notify(session, user_ids=others, what="rename_asked", facts=_facts(asked), now=now)
    return asked.id


def approve(session: Session, *, rename_id: int, by_id: int, now: datetime) -> None:
    """Approve a new name that another asked for: the organisation has it at once.

    Its paddles keep the name as of their issue, and each round that is not over puts the new binding on its record.

    :raises NoSuch: no such request, or not the approver's to decide
    :raises ApprovalDecided, ApprovalExpired, ApprovalOwn, ApprovalStale: as they say
    """
    asked = _for_update(session, rename_id)
    # Rounds before organisations, as paddles are issued.
    rounds = {
        each.id: each
        for each in session.scalars(
            select(RoundRow)
            .where(RoundRow.id.in_(_rounds_of(asked.organisation_id)), RoundRow.phase.not_in(_OVER))
            .order_by(RoundRow.id)
            .with_for_update(of=RoundRow, key_share=True)
            .execution_options(populate_existing=True)
        )
        if each.phase not in _OVER  # it may have closed while its lock was waited for
    }
    row = _organisation_for_update(session, asked.organisation_id, by_id)
    renaming.must_be_pending(asked.decision, asked.expires_at, now)
    renaming.must_be_another(asked.asked_by_id, by_id)
    renaming.must_hold(row.name, asked.old)
    paddles = session.scalars(
        select(PaddleRow)
        .join(PaddleRow.round)
        .where(PaddleRow.organisation_id == row.id, PaddleRow.issued_at.is_not(None), RoundRow.phase.not_in(_OVER))
        .order_by(PaddleRow.round_id)
    ).all()
    if any(each.round_id not in rounds for each in paddles):  # issued in another round at this moment
        raise ApprovalStale

    row.name_zh, row.name_en = asked.new_zh, asked.new_en
    _decide(session, asked, Decision.APPROVED, by_id, now)
    for paddle in paddles:
        assert paddle.number is not None
        assert paddle.salt is not None
        round_row = rounds[paddle.round_id]
        said = {
            "paddle": paddle.number,
            "binding": binding(round_row.slug, paddle.number, row.bidder, paddle.salt),
            "asked_by": asked.asked_by_id,
            "approved_by": by_id,
        }
        round_record.append(session, round_row, [(RoundKind.BIDDER_RENAMED, now, said)])
    its = users(session, UserRow.organisation_id == row.id)
    notify(session, user_ids=its, what="organisation_renamed", facts=_facts(asked), now=now)


def decline(session: Session, *, rename_id: int, by_id: int, now: datetime) -> None:
    """Decline a new name that another asked for.

    :raises NoSuch, ApprovalDecided, ApprovalExpired, ApprovalOwn: as they say
    """
    asked = _for_update(session, rename_id)
    _organisation_for_update(session, asked.organisation_id, by_id)
    renaming.must_be_pending(asked.decision, asked.expires_at, now)
    renaming.must_be_another(asked.asked_by_id, by_id)
    _decide(session, asked, Decision.DECLINED, by_id, now)


def take_back(session: Session, *, rename_id: int, by_id: int, now: datetime) -> None:
    """Take the own request back.

    :raises NoSuch: no such request, or another's
    :raises ApprovalDecided, ApprovalExpired: as they say
    """
    asked = _for_update(session, rename_id)
    if asked.asked_by_id != by_id:
        raise NoSuch
    renaming.must_be_pending(asked.decision, asked.expires_at, now)
    _decide(session, asked, Decision.TAKEN_BACK, by_id, now)


def _decide(session: Session, asked: RenameRow, decision: Decision, by_id: int, now: datetime) -> None:
    asked.decision, asked.decided_by_id, asked.decided_at = decision, by_id, now
    what = f"organisation.rename_{decision.value}"
    _audit(session, asked, what, by_id, now)


def _audit(session: Session, asked: RenameRow, what: str, by_id: int, now: datetime) -> None:
    detail = f"{asked.old_zh} → {asked.new_zh}: {asked.reason}"
    session.add(AuditRow(at=now, by_id=by_id, what=what, about=f"organisation {asked.organisation_id}", detail=detail))


def _facts(asked: RenameRow) -> Facts:
    return {
        "organisation_id": asked.organisation_id,
        "name_zh": asked.old_zh,
        "name_en": asked.old_en,
        "new_zh": asked.new_zh,
        "new_en": asked.new_en,
        "reason": asked.reason,
    }


def _for_update(session: Session, rename_id: int) -> RenameRow:
    row = session.get(RenameRow, rename_id, with_for_update={"of": RenameRow}, populate_existing=True)
    if row is None:
        raise NoSuch
    return row


def _rounds_of(organisation_id: int) -> Select[int]:
    return select(PaddleRow.round_id).where(PaddleRow.organisation_id == organisation_id)


def _organisation_for_update(session: Session, organisation_id: int, by_id: int) -> OrganisationRow:
    """Return an organisation, locked, which the user may rename: an organizer of its market, or an administrator.

    :raises NoSuch: there is none, or it is not theirs
    """
    row = session.scalars(
        select(OrganisationRow)
        .where(OrganisationRow.id == organisation_id, HERE)
        .with_for_update(of=OrganisationRow, key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None or session.scalar(select(UserRow.id).where(UserRow.id == by_id, _may_rename(row))) is None:
        raise NoSuch
    return row


def _may_rename(row: OrganisationRow) -> ColumnElement[bool]:
    return (organizers([row.market_key]) | (UserRow.role == Role.ADMINISTRATOR)) & UserRow.disabled_at.is_(None)
