from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, delete, select, update
from sqlalchemy.orm import Session, sessionmaker

from techauction import migrating
from techauction.core.lot import Stage
from techauction.core.money import Money
from techauction.core.offer import Source
from techauction.core.record import GENESIS, Kind, heads_told, round_digest
from techauction.core.refusal import Refusal
from techauction.core.refused import NAME, Chain
from techauction.core.round_record import RoundKind
from techauction.core.violation import Fault
from techauction.queries.bindings import bindings
from techauction.reports.record_of_sale import verify_round
from techauction.services import opening, round_record, withdrawing
from techauction.services.keys import close_key
from techauction.store.auction import OfferRow, PaddleRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.notices import NoticeRow
from techauction.store.people import Role
from techauction.store.record import RecordRow, RoundRecordRow
from tests.builders import CLOSES, OPENS, a_user, an_organisation, wan
from tests.rounds import Played, a_round_to_play

MINUTE = timedelta(minutes=1)


def refused(session: Session, played: Played, lot: int, paddle: int, amount: Money, at: datetime) -> str:
    """Have the paddle make an offer that is refused; return its code."""
    with pytest.raises(Refusal) as refusal:
        played.bid(session, lot, paddle, amount, at)
    return refusal.value.code


def sold(session: Session) -> Played:
    """Keep a round of two lots that was sold: at the first offers were refused before, during and after its sale."""
    played = a_round_to_play(session, {}, {})
    assert refused(session, played, 0, 0, wan(200), OPENS - MINUTE) == "not_open"
    opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
    played.bid(session, 0, 0, wan(200), OPENS + MINUTE)
    assert refused(session, played, 0, 1, wan(200), OPENS + MINUTE) == "start_only_first"
    assert refused(session, played, 0, 1, Money(wan(210).minor + 1), OPENS + 2 * MINUTE) == "off_grid"
    played.bid(session, 0, 1, wan(210), OPENS + 3 * MINUTE)
    for place in (0, 1):
        played.fall(session, place)
    assert refused(session, played, 0, 2, wan(300), CLOSES + MINUTE) == "closed"
    played.close(session)
    return played


@pytest.fixture
def played(sessions: sessionmaker[Session]) -> Played:
    """Return such a round."""
    with sessions.begin() as session:
        return sold(session)


def found(sessions: sessionmaker[Session], played: Played) -> list[tuple[Fault, str]]:
    with sessions() as session:
        return [(each.code, each.lot) for each in verify_round(session, played.row.slug)]


HAMMER = 4
"""The place in the first lot's record at which its hammer falls."""


def places(sessions: sessionmaker[Session], played: Played) -> set[int | None]:
    """Return at which events something is wrong."""
    with sessions() as session:
        return {each.seq for each in verify_round(session, played.row.slug)}


def chain(session: Session, played: Played) -> list[OfferRow]:
    wanted = select(OfferRow).where(OfferRow.lot_id == played.lots[0].id, OfferRow.place.is_not(None))
    return list(session.scalars(wanted.order_by(OfferRow.place)))


def said(session: Session, played: Played, kind: Kind, lot: int = 0) -> object:
    of_lot = RecordRow.lot_id == played.lots[lot].id
    return session.scalars(select(RecordRow).where(of_lot, RecordRow.kind == kind)).one().data[NAME]


def test_what_was_refused_stands_in_a_chain_that_opening_and_hammer_name(
    sessions: sessionmaker[Session], played: Played
) -> None:
    with sessions() as session:
        rows = chain(session, played)
        lot = session.get_one(LotRow, played.lots[0].id)

        assert [(row.place, row.code, row.lot_seq) for row in rows] == [
            (1, "not_open", 0),
            (2, "start_only_first", 2),
            (3, "off_grid", 2),
            (4, "closed", 4),
        ]
        assert said(session, played, Kind.OPENED) == {"count": 1, "head": rows[0].hash}
        assert said(session, played, Kind.HAMMERED) == {"count": 3, "head": rows[2].hash}
        assert said(session, played, Kind.HAMMERED, lot=1) == {"count": 0, "head": GENESIS}
        assert lot.refusals() == Chain(4, rows[3].hash or "")
    assert found(sessions, played) == []


def test_an_offer_that_is_refused_goes_into_the_chain_though_nothing_else_changes(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        played = a_round_to_play(session, {}, {})
        refused(session, played, 0, 0, wan(200), OPENS - MINUTE)

    with sessions() as session:
        [row] = chain(session, played)
        assert session.get_one(LotRow, played.lots[0].id).refusals() == Chain(1, row.hash or "")


OTHERWISE: dict[str, Any] = {
    "key": "another",
    "amount": Money(1),
    "confirmed": False,
    "matching": True,
    "source": Source.FLOOR,
    "received_at": OPENS + timedelta(microseconds=1),
    "decided_at": OPENS + timedelta(microseconds=1),
    "code": "queue_full",
    "facts": {"said": 7},
    "lot_seq": 7,
    "hash": "0" * 64,
    "place": 9,
}


@pytest.mark.parametrize("column", [*OTHERWISE, "organisation_id", "user_id"])
def test_a_refused_offer_that_was_changed_is_found(sessions: sessionmaker[Session], played: Played, column: str) -> None:
    with sessions() as session:
        session.connection()
        for row in chain(session, played):
            with session.begin_nested() as nested:
                setattr(row, column, OTHERWISE.get(column, getattr(row, column) % 2 + 1 if column.endswith("_id") else None))
                session.flush()
                lots = {each.lot for each in verify_round(session, played.row.slug) if each.code is Fault.OFFER_DIFFERS}
                nested.rollback()

            assert lots == {f"{played.row.slug}/1"}


def test_a_refused_offer_that_was_taken_away_is_found(sessions: sessionmaker[Session], played: Played) -> None:
    with sessions() as session:
        for row in chain(session, played):
            with session.begin_nested() as nested:
                session.delete(row)
                session.flush()
                assert verify_round(session, played.row.slug) != []
                nested.rollback()


def rechained(session: Session, played: Played, rows: list[OfferRow]) -> None:
    """Compute the chain anew over these rows, as somebody would who owns the database."""
    prev_hash = GENESIS
    for place, row in enumerate(rows, 1):
        row.place = place
        row.hash = prev_hash = row.as_refused().digest(prev_hash)
    lot = session.get_one(LotRow, played.lots[0].id)
    lot.refused, lot.refused_head = len(rows), prev_hash


def test_a_chain_computed_anew_is_not_the_one_that_the_hammer_named(sessions: sessionmaker[Session], played: Played) -> None:
    with sessions.begin() as session:
        rows = chain(session, played)
        rows[2].amount = wan(209)
        rechained(session, played, rows)

    assert set(found(sessions, played)) == {(Fault.OFFER_DIFFERS, f"{played.row.slug}/1")}
    assert HAMMER in places(sessions, played)


def test_a_chain_computed_anew_without_an_offer_is_not_the_one_that_the_hammer_named(
    sessions: sessionmaker[Session], played: Played
) -> None:
    with sessions.begin() as session:
        first, second, third, last = chain(session, played)
        session.delete(third)
        session.flush()
        rechained(session, played, [first, second, last])

    assert set(found(sessions, played)) == {(Fault.OFFER_DIFFERS, f"{played.row.slug}/1")}


def test_what_was_refused_after_the_hammer_cannot_be_moved_before_it(sessions: sessionmaker[Session], played: Played) -> None:
    with sessions.begin() as session:
        rows = chain(session, played)
        rows[3].lot_seq = 3
        rechained(session, played, rows)

    assert set(found(sessions, played)) == {(Fault.OFFER_DIFFERS, f"{played.row.slug}/1")}
    assert HAMMER in places(sessions, played)


def cut_to(session: Session, played: Played, count: int) -> None:
    """Take away what was refused after that many, and set the lot's head back, as somebody would who owns the database."""
    rows = chain(session, played)
    for row in rows[count:]:
        session.delete(row)
    lot = session.get_one(LotRow, played.lots[0].id)
    lot.refused, lot.refused_head = count, rows[count - 1].hash


def test_what_was_refused_after_the_hammer_cannot_be_cut_off(sessions: sessionmaker[Session], played: Played) -> None:
    with sessions.begin() as session:
        [closed] = session.scalars(select(RoundRecordRow).where(RoundRecordRow.kind == RoundKind.ROUND_CLOSED))
        assert closed.data == {NAME: [[1, 4, chain(session, played)[3].hash]]}
        cut_to(session, played, 3)

    assert found(sessions, played) == [(Fault.OFFER_DIFFERS, f"{played.row.slug}/1")]


def test_what_was_refused_after_the_hammer_cannot_be_another(sessions: sessionmaker[Session], played: Played) -> None:
    with sessions.begin() as session:
        rows = chain(session, played)
        rows[3].code = "off_grid"
        rechained(session, played, rows)

    assert (Fault.OFFER_DIFFERS, f"{played.row.slug}/1") in found(sessions, played)


def test_the_close_cannot_be_taken_off_the_rounds_record(sessions: sessionmaker[Session], played: Played) -> None:
    with sessions.begin() as session:
        session.execute(delete(RoundRecordRow).where(RoundRecordRow.kind == RoundKind.ROUND_CLOSED))
        cut_to(session, played, 3)

    assert found(sessions, played) == [(Fault.DIGEST_DIFFERS, played.row.slug)]


def test_a_round_closed_when_its_record_says(sessions: sessionmaker[Session], played: Played) -> None:
    with sessions.begin() as session:
        session.execute(update(RoundRow).values(closed_at=CLOSES + timedelta(hours=3)))

    assert found(sessions, played) == [(Fault.STATE_DIFFERS, played.row.slug)]


def test_auditors_see_what_the_round_says_at_its_close(sessions: sessionmaker[Session], played: Played) -> None:
    with sessions() as session:
        page = bindings(session, played.row.slug, page=1)
        last = chain(session, played)[3].hash

    assert page is not None
    assert (page.events[-1].kind, page.events[-1].data) == (RoundKind.ROUND_CLOSED, (("refused", f'[1, 4, "{last}"]'),))


def test_an_earlier_version_finds_the_close_missing(engine: Engine, sessions: sessionmaker[Session], played: Played) -> None:
    migrating.downgrade(engine, "0013")
    migrating.upgrade(engine)

    assert found(sessions, played) == [(Fault.DIGEST_DIFFERS, played.row.slug)]


def test_what_is_refused_after_the_round_has_closed_goes_on_in_the_chain(
    sessions: sessionmaker[Session], played: Played
) -> None:
    with sessions.begin() as session:
        played = Played(played.row, [session.get_one(LotRow, lot.id) for lot in played.lots], played.paddles, played.users)
        assert refused(session, played, 0, 2, wan(300), CLOSES + timedelta(hours=2)) == "closed"
        assert refused(session, played, 1, 2, wan(300), CLOSES + timedelta(hours=2)) == "closed"

    assert found(sessions, played) == []


def test_a_round_that_closed_without_the_event_verifies_unchanged(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        auditor = a_user(session, Role.AUDITOR)
        played = sold(session)
        session.execute(delete(RoundRecordRow).where(RoundRecordRow.kind == RoundKind.ROUND_CLOSED))
        _, head = round_record.head(session, played.row.id)
        heads = {lot.number or 0: lot.head_hash or "" for lot in played.lots}
        played.row.digest = round_digest(played.row.slug, heads, head)
        [told] = session.scalars(select(NoticeRow).where(NoticeRow.user_id == auditor.id, NoticeRow.what == "round_closed"))
        told.facts = told.facts | {"digest": played.row.digest, "heads": heads_told(heads, head)}

    assert found(sessions, played) == []


def test_an_offer_refused_outside_of_the_chain_is_found(sessions: sessionmaker[Session], played: Played) -> None:
    with sessions.begin() as session:
        last = chain(session, played)[3]
        session.execute(update(OfferRow).where(OfferRow.id == last.id).values(place=None, hash=None, lot_seq=None))
        lot = session.get_one(LotRow, played.lots[0].id)
        lot.refused, lot.refused_head = 3, chain(session, played)[2].hash

    assert set(found(sessions, played)) == {(Fault.OFFER_DIFFERS, f"{played.row.slug}/1")}


def test_a_closed_key_is_no_offer_that_was_refused(sessions: sessionmaker[Session], played: Played) -> None:
    with sessions.begin() as session:
        close_key(
            session,
            lot_id=played.lots[0].id,
            organisation_id=played.paddles[0].organisation_id,
            user_id=played.users[0],
            key="closed",
            read_clock=lambda: OPENS,
        )

    assert found(sessions, played) == []


def test_a_bidder_without_a_paddle_stands_in_the_chain_too(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        played = a_round_to_play(session, {})
        stranger = an_organisation(session)
        played.paddles.append(PaddleRow(organisation_id=stranger.id))
        played.users.append(a_user(session).id)
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)

        assert refused(session, played, 0, 3, wan(200), OPENS) == "not_admitted"
        assert [row.organisation_id for row in chain(session, played)] == [stranger.id]
    assert found(sessions, played) == []


def test_a_lot_withdrawn_says_what_had_been_refused(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        played = a_round_to_play(session, {}, {})
        refused(session, played, 0, 0, wan(200), OPENS - MINUTE)
        lot, by_id = played.lots[0], a_user(session).id
        withdrawing.withdraw(
            session, lot_id=lot.id, reason="Taken back.", by_id=by_id, market_key=lot.market_key, read_clock=lambda: OPENS
        )

        assert said(session, played, Kind.WITHDRAWN) == {"count": 1, "head": chain(session, played)[0].hash}
    assert found(sessions, played) == []


def by_an_earlier_version(session: Session, played: Played, *events: int) -> None:
    """Have the first lot's events of these numbers say nothing of what was refused, and its chain computed anew."""
    lot = session.get_one(LotRow, played.lots[0].id)
    prev_hash = GENESIS
    for row in session.scalars(select(RecordRow).where(RecordRow.lot_id == lot.id).order_by(RecordRow.seq)):
        if row.seq in events:
            row.data = {name: value for name, value in row.data.items() if name != NAME}
        row.prev_hash = prev_hash
        row.hash = prev_hash = row.to_core(f"{played.row.slug}/{lot.number}").digest(prev_hash)
    lot.head_hash = prev_hash


def test_the_migration_keeps_what_was_refused_outside_of_the_chain(engine: Engine, sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        played = a_round_to_play(session, {})
        refused(session, played, 0, 0, wan(100), OPENS)

    migrating.downgrade(engine, BEFORE)
    migrating.upgrade(engine)

    with sessions() as session:
        [row] = session.scalars(select(OfferRow))
        assert (row.code, row.amount, row.place, row.hash, row.lot_seq) == ("not_open", wan(100), None, None, None)
        assert session.get_one(LotRow, played.lots[0].id).refusals() == Chain()


def test_a_lot_that_was_open_during_the_migration_begins_its_chain_after_it(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        played = a_round_to_play(session, {}, {})
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        refused(session, played, 0, 0, wan(100), OPENS)
        by_an_earlier_version(session, played, 1)
        session.execute(update(OfferRow).values(place=None, hash=None, lot_seq=None))
        session.execute(update(LotRow).values(refused=0, refused_head=None))
    assert found(sessions, played) == []
    with sessions.begin() as session:
        played = Played(played.row, [session.get_one(LotRow, lot.id) for lot in played.lots], played.paddles, played.users)
        refused(session, played, 0, 1, wan(100), OPENS + MINUTE)
        played.fall(session, 0)

        assert played.lots[0].stage is Stage.ENDED
        assert said(session, played, Kind.HAMMERED) == {"count": 1, "head": chain(session, played)[0].hash}
    assert found(sessions, played) == []


def test_a_lot_sold_by_an_earlier_version_verifies(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        played = a_round_to_play(session, {}, {})
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        refused(session, played, 0, 0, wan(100), OPENS)
        played.fall(session, 0)
        by_an_earlier_version(session, played, 1, 2)
        session.execute(update(OfferRow).values(place=None, hash=None, lot_seq=None))
        session.execute(update(LotRow).values(refused=0, refused_head=None))

    assert found(sessions, played) == []


def test_an_ending_that_does_not_say_what_was_refused_is_found(sessions: sessionmaker[Session], played: Played) -> None:
    with sessions.begin() as session:
        by_an_earlier_version(session, played, 4)

    assert (Fault.OFFER_DIFFERS, f"{played.row.slug}/1") in found(sessions, played)


BEFORE = "0004"
