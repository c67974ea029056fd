from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, inspect, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from techauction.core.absence import Gap
from techauction.core.admission import DepositState
from techauction.core.consigning import Instrument
from techauction.core.handoff import CaseKind
from techauction.core.lot import Stage
from techauction.core.money import ZERO, Money
from techauction.core.outcome import Ending
from techauction.core.record import Event, Kind, round_digest
from techauction.core.refusal import NoSuch, Refusal
from techauction.core.round import Phase, Regime
from techauction.core.violation import Fault, Violation
from techauction.reports.record_of_sale import verify_round
from techauction.services import absence, opening, pausing, round_record
from techauction.store.aftersale import CaseRow
from techauction.store.auction import AdmissionRow, ApprovalRow, OfferRow, OutcomeRow, PaddleRow
from techauction.store.base import Row
from techauction.store.consigning import LotRow, ReserveRow, ResultRow, RoundMarketRow, RoundRow
from techauction.store.money import DepositRow, PostingRow, ReceiptRow, SettlementRow
from techauction.store.notices import NoticeRow
from techauction.store.people import Role
from techauction.store.processes import AbsenceRow
from techauction.store.record import RecordRow
from tests.builders import CLOSES, OPENS, a_user, wan
from tests.rounds import Played, a_round_sold, a_round_to_play, resumed

MINUTE = timedelta(minutes=1)
SLUG = "a-round-sold"


@pytest.fixture
def played(sessions: sessionmaker[Session]) -> Played:
    """Return a round that was sold and closed."""
    with sessions.begin() as session:
        return a_round_sold(session)


def verify(sessions: sessionmaker[Session], played: Played) -> list[Violation]:
    with sessions() as session:
        return verify_round(session, played.row.slug)


def codes(sessions: sessionmaker[Session], played: Played) -> set[Fault]:
    return {violation.code for violation in verify(sessions, played)}


def tamper(engine: Engine, statement: Any) -> bool:
    """Change a row behind the product's back; return whether the database let it, past its constraints where its owner can."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text("PRAGMA ignore_check_constraints = 1"))
        try:
            assert connection.execute(statement).rowcount == 1
        except IntegrityError:
            assert engine.dialect.name == "postgresql"
            return False
        connection.commit()
        if engine.dialect.name == "sqlite":
            connection.execute(text("PRAGMA ignore_check_constraints = 0"))
    return True


def test_a_round_sold_by_the_rules_verifies(sessions: sessionmaker[Session], played: Played) -> None:
    assert verify(sessions, played) == []


def test_a_round_verifies_at_every_moment_of_its_sale(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        played = a_round_to_play(session, {"reserve": wan(220)}, {})
        slug = played.row.slug
        officer = a_user(session).id
        assert verify_round(session, slug) == []

        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        assert verify_round(session, slug) == []

        played.bid(session, 0, 0, wan(200), OPENS + MINUTE)
        assert verify_round(session, slug) == []

        pausing.pause(session, lot_ids=[played.lots[0].id], reason="Why.", by_id=officer, read_clock=lambda: OPENS + 2 * MINUTE)
        assert verify_round(session, slug) == []

        resumed(session, lot_ids=[played.lots[0].id], read_clock=lambda: CLOSES)
        assert verify_round(session, slug) == []

        away_from, back_at = CLOSES - MINUTE, CLOSES + MINUTE
        absence.note(session, [Gap(away_from, back_at)], process_id=0, now=back_at)
        lost = absence.look(session, now=back_at, lot_ids=[each.id for each in played.lots])
        assert verify_round(session, slug) == []
        assert lost

        resumed(session, lot_ids=sorted(lost), read_clock=lambda: CLOSES + 2 * MINUTE)
        for place in range(2):
            played.fall(session, place)
        assert verify_round(session, slug) == []

        played.close(session)
        assert verify_round(session, slug) == []


OTHERWISE: dict[str, Any] = {
    "kind": Kind.PAUSED,
    "stage": Stage.OPEN,
    "ending": Ending.VOID,
    "bidders": [7],
    "data": {"said": "otherwise"},
}


def otherwise(row: Row, column: str) -> Any:
    """Return another value that the column could hold."""
    kept = getattr(row, column)
    if column in OTHERWISE:
        return OTHERWISE[column]
    kind = inspect(type(row)).columns[column].type
    if kind.python_type is bool:
        return not kept
    if "Instant" in type(kind).__name__:
        return (kept or OPENS) + timedelta(microseconds=1)
    if "Money" in type(kind).__name__:
        return (kept or ZERO) + Money(1)
    if kind.python_type is int:
        return (kept or 0) + 90
    text_kept = str(kept or "")
    return ("0" if not text_kept.startswith("0") else "1") + text_kept[1:]


def columns(kind: type[Row], *but: str) -> list[str]:
    return [column.key for column in inspect(kind).columns if column.key not in but]


RECORDED = columns(RecordRow, "id", "lot_id")
STATE = [
    "stage",
    "seq",
    "head_hash",
    "run",
    "bids",
    "standing_paddle",
    "standing_amount",
    "standing_at",
    "bidders",
    "opens_at",
    "closes_at",
    "scheduled_closes_at",
    "stopped_at",
    "stop_reason",
    "number",
]
TERMS = ["start", "increment", "reserve_announced"]
ENDED = columns(OutcomeRow, "lot_id")
SETTLED = columns(SettlementRow, "lot_id")


def unnoticed(
    engine: Engine, sessions: sessionmaker[Session], played: Played, row: Row, columns: list[str], fault: Fault | None = None
) -> list[str]:
    """Change each of the row's columns in turn; return those that the verifier did not find (as `fault`, if said)."""
    [key] = inspect(type(row)).primary_key
    mine = key == getattr(row, key.name)
    missed = []
    for column in columns:
        value = played.paddles[1].id if column == "paddle_id" else otherwise(row, column)
        if not tamper(engine, update(type(row)).where(mine).values({column: value})):
            continue
        found = codes(sessions, played)
        if not found or (fault is not None and found != {fault}):
            missed.append(f"{type(row).__name__}.{column} {found}")
        tamper(engine, update(type(row)).where(mine).values({column: getattr(row, column)}))
    return missed


def test_any_value_changed_in_the_record_is_found(engine: Engine, sessions: sessionmaker[Session], played: Played) -> None:
    with sessions() as session:
        rows = session.scalars(select(RecordRow).where(RecordRow.lot_id == played.lots[1].id).order_by(RecordRow.seq)).all()
    assert [row.kind for row in rows] == [Kind.OPENED, Kind.BID, Kind.BID, Kind.EXTENDED, Kind.HAMMERED]

    missed = [column for row in rows for column in unnoticed(engine, sessions, played, row, RECORDED)]

    assert missed == []
    assert verify(sessions, played) == []


def test_any_value_changed_in_a_lots_state_is_found(engine: Engine, sessions: sessionmaker[Session], played: Played) -> None:
    with sessions() as session:
        rows = [session.get_one(LotRow, lot.id) for lot in played.lots]

    missed = [column for row in rows[:5] for column in unnoticed(engine, sessions, played, row, [*STATE, *TERMS])]
    missed += unnoticed(engine, sessions, played, rows[5], STATE)

    assert missed == []


def test_any_value_changed_in_an_outcome_or_a_settlement_is_found(
    engine: Engine, sessions: sessionmaker[Session], played: Played
) -> None:
    with sessions() as session:
        outcomes = [session.get_one(OutcomeRow, lot.id) for lot in played.lots]
        settlement = session.get_one(SettlementRow, played.lots[0].id)

    missed = [column for row in outcomes for column in unnoticed(engine, sessions, played, row, ENDED, Fault.OUTCOME_DIFFERS)]
    missed += unnoticed(engine, sessions, played, settlement, SETTLED, Fault.SETTLEMENT_DIFFERS)

    assert missed == []


@pytest.mark.parametrize(("table", "column"), [("lots", "bidders"), ("record", "data"), ("lots", "ladder")])
def test_json_that_cannot_be_read_is_a_violation(
    engine: Engine, sessions: sessionmaker[Session], played: Played, table: str, column: str
) -> None:
    # PostgreSQL lets no broken JSON in, but JSON of another shape.
    value = '"no list and no object"' if engine.dialect.name == "postgresql" else "[1, "

    tamper(engine, text(f"UPDATE {table} SET {column} = '{value}' WHERE id = (SELECT min(id) FROM {table})"))

    assert codes(sessions, played) & {Fault.UNREADABLE, Fault.STATE_DIFFERS, Fault.TERMS_DIFFER}


def cut(session: Session, played: Played, place: int, *, adjust: bool) -> None:
    """Take the last event of a lot away, and its outcome; adjust the lot's row, if so said, to look as if it had not been."""
    lot = session.get_one(LotRow, played.lots[place].id)
    [*_, before, last] = session.scalars(select(RecordRow).where(RecordRow.lot_id == lot.id).order_by(RecordRow.seq))
    session.delete(last)
    if adjust:
        lot.seq, lot.head_hash = before.seq, before.hash
        lot.stage, lot.closes_at = Stage.OPEN, before.closes_at
        for kind in (SettlementRow, OutcomeRow):
            session.execute(delete(kind).where(kind.lot_id == lot.id))


@pytest.mark.parametrize("adjust", [False, True], ids=["lot kept", "lot adjusted"])
def test_a_cut_tail_is_found(sessions: sessionmaker[Session], played: Played, *, adjust: bool) -> None:
    for place in range(5):
        with sessions() as session:
            cut(session, played, place, adjust=adjust)

            found = verify_round(session, played.row.slug)

            assert {Fault.MISSING_TAIL, Fault.DIGEST_DIFFERS} <= {violation.code for violation in found}
            cut_off = {violation.lot for violation in found if violation.code is Fault.MISSING_TAIL}
            assert cut_off == {f"{played.row.slug}/{place + 1}"}


def test_a_digest_rewritten_with_the_round_is_not_the_one_that_was_told(
    sessions: sessionmaker[Session], played: Played
) -> None:
    with sessions.begin() as session:
        cut(session, played, 0, adjust=True)
        lots = session.scalars(select(LotRow).where(LotRow.round_id == played.row.id))
        heads = {lot.number or 0: lot.head_hash or "" for lot in lots}
        row = session.get_one(RoundRow, played.row.id)
        row.digest = round_digest(row.slug, heads, round_record.head(session, row.id)[1])

    found = verify(sessions, played)

    assert "told" in next(violation for violation in found if violation.code is Fault.DIGEST_DIFFERS).detail


def test_a_bid_cut_away_during_the_sale_leaves_its_offer_behind(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        played = a_round_to_play(session, {})
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        played.bid(session, 0, 0, wan(200), OPENS + MINUTE)
        lot = played.lots[0]
        session.execute(delete(RecordRow).where(RecordRow.lot_id == lot.id, RecordRow.seq == 2))
        [opened] = session.scalars(select(RecordRow).where(RecordRow.lot_id == lot.id)).all()
        lot.seq, lot.head_hash, lot.bids, lot.bidders = 1, opened.hash, 0, []
        lot.standing_paddle = lot.standing_amount = lot.standing_at = None
        lot.last_at = opened.at

    assert codes(sessions, played) == {Fault.MISSING_TAIL}


def rehash(session: Session, played: Played, place: int) -> None:
    """Compute the lot's whole chain anew, as somebody would who owns the database."""
    lot = session.get_one(LotRow, played.lots[place].id)
    prev_hash = "0" * 64
    for row in session.scalars(select(RecordRow).where(RecordRow.lot_id == lot.id).order_by(RecordRow.seq)):
        row.prev_hash = prev_hash
        row.hash = prev_hash = row.to_core(f"{played.row.slug}/{lot.number}").digest(prev_hash)
    lot.head_hash = prev_hash


def test_a_price_rewritten_everywhere_but_in_its_offer_is_found(sessions: sessionmaker[Session], played: Played) -> None:
    with sessions.begin() as session:
        lot = session.get_one(LotRow, played.lots[0].id)
        for row in session.scalars(select(RecordRow).where(RecordRow.lot_id == lot.id, RecordRow.amount == wan(300))):
            row.amount = wan(290)
        lot.standing_amount = wan(290)
        session.get_one(OutcomeRow, lot.id).price = wan(290)
        rehash(session, played, 0)

    assert codes(sessions, played) == {Fault.OFFER_DIFFERS, Fault.SETTLEMENT_DIFFERS, Fault.DIGEST_DIFFERS}


def test_a_bid_of_a_paddle_that_had_no_business_there_is_found(sessions: sessionmaker[Session], played: Played) -> None:
    with sessions.begin() as session:
        session.execute(
            delete(AdmissionRow).where(AdmissionRow.lot_id == played.lots[0].id, AdmissionRow.paddle_id == played.paddles[0].id)
        )
        session.get_one(PaddleRow, played.paddles[1].id).voided_at = OPENS
        session.get_one(PaddleRow, played.paddles[2].id).issued_at = CLOSES

    found = [violation for violation in verify(sessions, played) if violation.code is Fault.NOT_ADMITTED]

    assert {(each.lot.removeprefix(f"{played.row.slug}/"), each.seq) for each in found} == {
        (played.row.slug, 1),  # its lots are not those that it was issued for
        ("1", 1),  # and the lot opened with it
        ("1", 2),
        ("1", 3),
        ("1", 4),
        ("2", 2),
        ("2", 3),
        ("3", 2),
    }


@pytest.mark.parametrize("place", [1, 2])
@pytest.mark.parametrize("gone", [False, True], ids=["changed", "gone"])
def test_a_reserve_that_is_not_the_one_committed_is_found(
    sessions: sessionmaker[Session], played: Played, place: int, *, gone: bool
) -> None:
    with sessions.begin() as session:
        reserve = session.get_one(ReserveRow, played.lots[place].id)
        if gone:
            session.delete(reserve)
        else:
            reserve.amount += Money(1)

    assert Fault.RESERVE_MISMATCH in codes(sessions, played)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (update(RoundRow).values(max_steps=11), Fault.TERMS_DIFFER),
        pytest.param(update(RoundRow).values(min_admitted=1), Fault.TERMS_DIFFER, id="plan"),
        (update(RoundRow).values(title_zh="别的一场"), Fault.TERMS_DIFFER),
        (update(RoundRow).values(host_market_key="anhui"), Fault.TERMS_DIFFER),
        (update(RoundRow).values(regime=Regime.AUCTION), Fault.TERMS_DIFFER),
        (update(RoundRow).values(registration_closes_at=CLOSES), Fault.TERMS_DIFFER),
        (update(RoundRow).values(opened_at=CLOSES), Fault.STATE_DIFFERS),
        (update(RoundMarketRow).values(market_key="anhui"), Fault.TERMS_DIFFER),
        (update(RoundRow).values(extension_length_s=301), Fault.TERMS_DIFFER),
        (update(RoundRow).values(buyer_bps=151), {Fault.SETTLEMENT_DIFFERS, Fault.TERMS_DIFFER}),
        (update(RoundRow).values(digest="0" * 64), Fault.DIGEST_DIFFERS),
        (update(RoundRow).values(digest=None), Fault.DIGEST_DIFFERS),
        (update(DepositRow).where(DepositRow.applied > ZERO).values(applied=Money(1)), Fault.SETTLEMENT_DIFFERS),
        (update(DepositRow).where(DepositRow.released > ZERO).values(released=Money(1)), Fault.SETTLEMENT_DIFFERS),
        (update(DepositRow).where(DepositRow.released > ZERO).values(held=wan(99)), Fault.SETTLEMENT_DIFFERS),
        (delete(PostingRow).where(PostingRow.what == "price_charged"), Fault.SETTLEMENT_DIFFERS),
        (update(PostingRow).where(PostingRow.what == "deposit_released").values(credit="pocket"), Fault.SETTLEMENT_DIFFERS),
        (update(RoundRow).values(phase=Phase.OPEN), Fault.STATE_DIFFERS),
        (update(CaseRow).where(CaseRow.kind == CaseKind.SOLD).values(kind=CaseKind.FOLLOW_UP), Fault.CASE_DIFFERS),
        (update(CaseRow).values(opened_at=OPENS), Fault.CASE_DIFFERS),
        (delete(CaseRow), Fault.CASE_DIFFERS),
        (delete(SettlementRow), Fault.SETTLEMENT_DIFFERS),
        (delete(OutcomeRow), Fault.OUTCOME_DIFFERS),
        (update(OfferRow).values(confirmed=False), Fault.OFFER_DIFFERS),
        (delete(OfferRow), Fault.OFFER_DIFFERS),
    ],
)
def test_what_stands_beside_the_record_must_agree_with_it(
    sessions: sessionmaker[Session], played: Played, change: Any, fault: Fault | set[Fault]
) -> None:
    with sessions.begin() as session:
        session.execute(change, execution_options={"synchronize_session": False})

    assert codes(sessions, played) == (fault if isinstance(fault, set) else {fault})


@pytest.mark.parametrize(
    "changed",
    [
        {"title_zh": "别的"},
        {"field_key": "agriculture"},
        {"instrument": Instrument.EQUITY},
        {"rights": "none"},
        {"maturity": 1},
        {"summary_en": "Other."},
    ],
)
def test_a_lot_described_otherwise_after_it_opened_is_found(
    sessions: sessionmaker[Session], played: Played, changed: dict[str, Any]
) -> None:
    with sessions.begin() as session:
        session.execute(update(ResultRow).where(ResultRow.id == played.lots[0].result_id).values(changed))

    assert [(each.code, each.lot) for each in verify(sessions, played)] == [(Fault.TERMS_DIFFER, f"{played.row.slug}/1")]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (update(DepositRow).where(DepositRow.applied > ZERO).values(state=DepositState.RELEASED), Fault.SETTLEMENT_DIFFERS),
        (update(DepositRow).values(required=wan(19)), Fault.SETTLEMENT_DIFFERS),
        (update(RoundRow).values(deposit_share_bps=999), {Fault.SETTLEMENT_DIFFERS, Fault.TERMS_DIFFER}),
        (update(PostingRow).where(PostingRow.what == "price_charged").values(at=OPENS), Fault.SETTLEMENT_DIFFERS),
        (update(ReserveRow).values(opened_at=None), Fault.RESERVE_MISMATCH),
        (update(ReserveRow).values(opened_at=CLOSES + timedelta(hours=2)), Fault.RESERVE_MISMATCH),
        (update(ApprovalRow).values(shown={"act": "resume", "round": "other", "reason": "Answered."}), Fault.NOT_APPROVED),
        (update(ApprovalRow).values(shown={}), Fault.UNREADABLE),
        (update(ApprovalRow).values(digest="0" * 64), Fault.NOT_APPROVED),
        (update(ApprovalRow).values(expires_at=CLOSES), Fault.NOT_APPROVED),
        (update(NoticeRow).where(NoticeRow.what == "round_closed").values(facts={"slug": SLUG}), Fault.DIGEST_DIFFERS),
        (update(LotRow).where(LotRow.number == 4).values(market_key="anhui"), Fault.TERMS_DIFFER),
    ],
)
def test_nothing_beside_the_record_may_be_said_otherwise(
    sessions: sessionmaker[Session], change: Any, fault: Fault | set[Fault]
) -> None:
    with sessions.begin() as session:
        a_user(session, Role.AUDITOR)
        a_round_sold(session, slug=SLUG)
        assert verify_round(session, SLUG) == []
        session.execute(change, execution_options={"synchronize_session": False})

    with sessions() as session:
        assert {violation.code for violation in verify_round(session, SLUG)} == (fault if isinstance(fault, set) else {fault})


def test_a_request_that_was_shown_otherwise_is_found(sessions: sessionmaker[Session], played: Played) -> None:
    with sessions.begin() as session:
        [asked] = session.scalars(select(ApprovalRow))
        asked.shown = {**asked.shown, "lots": [{"number": 5, "price_fen": 1}]}

    assert codes(sessions, played) == {Fault.NOT_APPROVED}


def test_the_commitment_of_a_reserve_that_was_not_met_is_found(sessions: sessionmaker[Session], played: Played) -> None:
    with sessions.begin() as session:
        session.get_one(ReserveRow, played.lots[2].id).commitment = "0" * 64

    assert [(each.code, each.lot) for each in verify(sessions, played)] == [
        (Fault.RESERVE_MISMATCH, f"{played.row.slug}/3"),
    ]


def test_a_deposit_that_holds_what_never_came_is_found_before_the_close(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        played = a_round_to_play(session, {})
        session.execute(delete(ReceiptRow).where(ReceiptRow.paddle_id == played.paddles[1].id))
        session.execute(delete(PostingRow).where(PostingRow.paddle_id == played.paddles[1].id))

    found = verify(sessions, played)

    assert [(each.code, "paddle 102" in each.detail) for each in found] == [(Fault.SETTLEMENT_DIFFERS, True)]


def test_a_receipt_that_no_posting_knows_is_found(sessions: sessionmaker[Session], played: Played) -> None:
    paddle_id = played.paddles[0].id
    with sessions.begin() as session:
        session.add(ReceiptRow(paddle_id=paddle_id, amount=wan(1), value_at=OPENS, reference="B1", recorded_at=OPENS))

    assert codes(sessions, played) == {Fault.SETTLEMENT_DIFFERS}


def test_a_posting_of_no_sale_is_found(sessions: sessionmaker[Session], played: Played) -> None:
    with sessions.begin() as session:
        its = {"paddle_id": played.paddles[0].id, "lot_id": played.lots[3].id}
        session.add(PostingRow(at=CLOSES, what="price_charged", debit="a pocket", credit="a purse", amount=wan(1), **its))

    assert [each.code for each in verify(sessions, played)] == [Fault.SETTLEMENT_DIFFERS]


def test_a_request_that_stands_twice_is_found(sessions: sessionmaker[Session], played: Played) -> None:
    with sessions.begin() as session:
        [asked] = session.scalars(select(ApprovalRow))
        again = {column.key: getattr(asked, column.key) for column in inspect(ApprovalRow).columns if column.key != "id"}
        session.add(ApprovalRow(**again))

    assert [each.code for each in verify(sessions, played)] == [Fault.NOT_APPROVED]


def test_a_bid_that_was_refused_too_is_found(engine: Engine, sessions: sessionmaker[Session], played: Played) -> None:
    if not tamper(engine, update(OfferRow).where(OfferRow.id == 1).values(facts={"paddle": 1})):
        return

    assert [each.code for each in verify(sessions, played)] == [Fault.OFFER_DIFFERS]


def test_a_settlement_of_a_lot_that_was_not_sold_is_found(sessions: sessionmaker[Session], played: Played) -> None:
    with sessions.begin() as session:
        session.execute(update(SettlementRow).where(SettlementRow.lot_id == played.lots[0].id).values(lot_id=played.lots[3].id))

    found = {(violation.code, violation.lot.removeprefix(played.row.slug)) for violation in verify(sessions, played)}

    assert found == {(Fault.SETTLEMENT_DIFFERS, of) for of in ("/1", "/4", "")}


def test_an_event_put_in_by_hand_is_found(sessions: sessionmaker[Session], played: Played) -> None:
    with sessions.begin() as session:
        lot = session.get_one(LotRow, played.lots[5].id)
        assert lot.head_hash is not None
        event = Event(lot=f"{played.row.slug}/6", seq=2, kind=Kind.HAMMERED, at=CLOSES, data={"ending": "sold"})
        digest = event.digest(lot.head_hash)
        session.add(
            RecordRow(
                lot_id=lot.id,
                seq=2,
                run=0,
                kind=event.kind,
                at=event.at,
                data=dict(event.data),
                prev_hash=lot.head_hash,
                hash=digest,
            )
        )
        lot.seq, lot.head_hash = 2, digest

    assert {Fault.OFF_TIME, Fault.DIGEST_DIFFERS} & codes(sessions, played)


def test_there_is_no_record_of_a_round_that_is_not(sessions: sessionmaker[Session]) -> None:
    with sessions() as session, pytest.raises(NoSuch):
        verify_round(session, "nowhere")


def acts() -> st.SearchStrategy[list[tuple[int, int, int, int]]]:
    return st.lists(st.tuples(st.integers(0, 1), st.integers(0, 2), st.integers(0, 9), st.integers(0, 900)), max_size=20)


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """Yield a session whose work is undone."""
    with sessions() as opened:
        yield opened


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=acts(), reserve=st.none() | st.integers(200, 400), kind=st.sampled_from("AB"), cap=st.none() | st.integers(0, 600))
def test_every_sale_through_the_services_verifies(
    session: Session, acts: list[tuple[int, int, int, int]], reserve: int | None, kind: str, cap: int | None
) -> None:
    terms = {"extension_kind": kind, "extension_cap_s": cap}
    reserved = {} if reserve is None else {"reserve": wan(reserve)}
    played = a_round_to_play(session, reserved, {}, **terms)
    opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
    at = OPENS
    for lot, paddle, steps, later in acts:
        at += timedelta(seconds=later)
        row = played.lots[lot]
        base = wan(200) if row.standing_amount is None else row.standing_amount + wan(10)
        try:
            played.bid(session, lot, paddle, base + wan(10).times(steps), at)
        except Refusal:
            continue
    for place in range(2):
        played.fall(session, place)
    played.close(session)

    assert verify_round(session, played.row.slug) == []

    session.rollback()


def test_a_lot_that_was_hammered_though_nobody_could_bid_at_its_close_is_found(
    sessions: sessionmaker[Session], played: Played
) -> None:
    for length, code in ((0.9, set()), (1, {Fault.OFF_TIME})):
        with sessions.begin() as session:
            session.execute(delete(AbsenceRow))
            absence.keep(session, Gap(CLOSES - timedelta(seconds=length), CLOSES))

        assert codes(sessions, played) == code


def test_an_absence_that_the_house_has_not_kept_or_that_was_too_long_or_short_is_found(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        played = a_round_to_play(session, {}, {}, gap_s=10)
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        lots = sorted(lot.id for lot in played.lots)
        absence.keep(session, Gap(CLOSES - timedelta(seconds=9), CLOSES))
        absence.look(session, now=CLOSES, lot_ids=lots[1:])
        absence.keep(session, Gap(CLOSES - timedelta(seconds=20), CLOSES - timedelta(seconds=10)))
        absence.look(session, now=CLOSES - timedelta(seconds=10), lot_ids=lots[:1])
    assert {lot.stage for lot in played.lots} == {Stage.INTERRUPTED, Stage.OPEN}
    assert codes(sessions, played) == set()

    for gap_s in (11, 5):
        with sessions.begin() as session:
            session.get_one(RoundRow, played.row.id).gap_s = gap_s
        assert Fault.UNLAWFUL in codes(sessions, played)

    with sessions.begin() as session:
        session.get_one(RoundRow, played.row.id).gap_s = 10
        session.execute(delete(AbsenceRow))
    assert codes(sessions, played) == {Fault.STATE_DIFFERS}
