from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select
from sqlalchemy.orm import Session, sessionmaker

from techauction.core import ledger
from techauction.core.admission import DepositKind, DepositState
from techauction.core.money import ZERO, Money
from techauction.core.settlement import Commission
from techauction.core.settlement import settle as statement_of
from techauction.services.opening import open_round
from techauction.services.settlement import release, release_round, settle
from techauction.store.money import PostingRow, SettlementRow
from techauction.store.notices import NoticeRow
from techauction.store.people import Role
from tests.builders import OPENS, a_deposit, a_lot, a_paddle, a_result, a_round, a_user
from tests.conftest import TEN

NOW = TEN + timedelta(hours=2)


def yuan(amount: int) -> Money:
    """Return whole yuan."""
    return Money(amount * 100)


def balances(session: Session) -> Counter[str]:
    """Return what stands in each account, in fen."""
    sums: Counter[str] = Counter()
    for row in session.scalars(select(PostingRow)):
        sums[row.debit] += row.amount.minor
        sums[row.credit] -= row.amount.minor
    return sums


def test_a_sale_applies_the_buyers_deposit_and_releases_the_losers(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        sale = a_round(session, buyer_bps=100, seller_bps=200)
        lot = a_lot(session, sale)
        buyer, loser = a_paddle(session, 8, lot), a_paddle(session, 9, lot)
        applied = a_deposit(session, buyer, lot, yuan(100))
        released = a_deposit(session, loser, lot, yuan(100))

        settle(session, lot=lot, paddle=buyer, hammer_price=yuan(1_500), now=NOW)

        assert (applied.state, applied.applied, applied.released) == (DepositState.APPLIED, yuan(100), ZERO)
        assert (released.state, released.applied, released.released) == (DepositState.RELEASED, ZERO, yuan(100))
    with sessions() as session:
        row = session.scalars(select(SettlementRow)).one()
        assert (row.hammer_price, row.buyer_commission, row.seller_commission) == (yuan(1_500), yuan(15), yuan(30))
        assert (row.deposit_applied, row.due, row.proceeds) == (yuan(100), yuan(1_415), yuan(1_470))
        assert (row.listing_market_share, row.buyer_market_share) == (Money(2_250), Money(2_250))


def test_the_postings_of_a_sale_leave_what_is_due_and_owed(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        sale = a_round(session, buyer_bps=333, seller_bps=77, listing_share_bps=3_333)
        result = a_result(session)
        lot = a_lot(session, sale, result=result, market="shanghai")
        buyer, loser = a_paddle(session, 8, lot), a_paddle(session, 9, lot)
        a_deposit(session, buyer, lot, yuan(100))
        a_deposit(session, loser, lot, yuan(100))

        row = settle(session, lot=lot, paddle=buyer, hammer_price=Money(123_457), now=NOW)

        after = balances(session)
        assert after[ledger.buyer_account(buyer.id)] == row.due.minor
        assert after[ledger.institute_account(result.institute_id)] == -row.proceeds.minor
        assert after[ledger.market_account("shanghai")] == -row.listing_market_share.minor
        assert after[ledger.market_account("zhejiang")] == -row.buyer_market_share.minor
        assert after[ledger.COMMISSION] == 0
        assert after[ledger.BANK] == -yuan(100).minor
        assert sum(after.values()) == 0


def test_a_deposit_over_the_price_goes_back_for_the_rest(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        sale = a_round(session)
        lot = a_lot(session, sale)
        buyer = a_paddle(session, 8, lot)
        deposit = a_deposit(session, buyer, lot, yuan(5_000))

        row = settle(session, lot=lot, paddle=buyer, hammer_price=yuan(1_500), now=NOW)

        assert row.due == ZERO
        assert (deposit.applied, deposit.released, deposit.state) == (yuan(1_500), yuan(3_500), DepositState.APPLIED)


def test_a_rounds_deposit_is_applied_to_the_first_lot_won_and_the_rest_to_the_next(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        sale = a_round(session, deposit_kind=DepositKind.FIXED, deposit_fixed=yuan(4_000))
        lots = [a_lot(session, sale) for _ in range(3)]
        buyer, loser = a_paddle(session, 8, *lots), a_paddle(session, 9, *lots)
        deposit = a_deposit(session, buyer, None, yuan(4_000))
        kept = a_deposit(session, loser, None, yuan(4_000))

        dues = [settle(session, lot=lot, paddle=buyer, hammer_price=yuan(1_500), now=NOW).due for lot in lots]

        assert dues == [ZERO, ZERO, yuan(500)]
        assert (deposit.applied, deposit.released, deposit.state) == (yuan(4_000), ZERO, DepositState.HELD)
        assert (kept.applied, kept.released, kept.state) == (ZERO, ZERO, DepositState.HELD)


def test_a_rounds_deposits_go_back_when_it_closes(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        sale = a_round(session, deposit_kind=DepositKind.FIXED, deposit_fixed=yuan(4_000))
        lot = a_lot(session, sale)
        buyer, loser = a_paddle(session, 8, lot), a_paddle(session, 9, lot)
        deposit = a_deposit(session, buyer, None, yuan(4_000))
        kept = a_deposit(session, loser, None, yuan(4_000))
        settle(session, lot=lot, paddle=buyer, hammer_price=yuan(1_500), now=NOW)

        release_round(session, round_row=sale, now=NOW)
        release_round(session, round_row=sale, now=NOW)

        assert (deposit.applied, deposit.released, deposit.state) == (yuan(1_500), yuan(2_500), DepositState.APPLIED)
        assert (kept.applied, kept.released, kept.state) == (ZERO, yuan(4_000), DepositState.RELEASED)
        assert balances(session)[ledger.BANK] == -yuan(6_500).minor


def test_a_lot_passed_in_gives_every_deposit_back_once(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        sale = a_round(session)
        lot, other = a_lot(session, sale), a_lot(session, sale)
        paddles = [a_paddle(session, number, lot, other) for number in (1, 2, 3)]
        deposits = [a_deposit(session, paddle, lot, yuan(100)) for paddle in paddles]
        untouched = a_deposit(session, paddles[0], other, yuan(100))

        release(session, lot_ids=[lot.id], now=NOW)
        release(session, lot_ids=[lot.id], now=NOW)

        assert {each.state for each in deposits} == {DepositState.RELEASED}
        assert untouched.state is DepositState.HELD
        assert balances(session) == {
            ledger.BANK: -yuan(300).minor,
            **{ledger.deposits_account(paddle.id): yuan(100).minor for paddle in paddles},
        }


def test_a_deposit_that_never_came_is_needed_no_more_and_nothing_is_posted(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        sale = a_round(session)
        lot = a_lot(session, sale)
        deposit = a_deposit(session, a_paddle(session, 1, lot), lot, yuan(100))
        deposit.held, deposit.state = ZERO, DepositState.DUE
        session.flush()

        release(session, lot_ids=[lot.id], now=NOW)

        assert (deposit.state, deposit.released) == (DepositState.RELEASED, ZERO)
        assert session.scalars(select(PostingRow)).all() == []


def test_a_lot_that_is_not_offered_gives_every_deposit_back_at_the_opening(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        sale = a_round(session, min_admitted=2)
        withheld, offered = a_lot(session, sale), a_lot(session, sale)
        both = a_paddle(session, 1, withheld, offered)
        a_paddle(session, 2, offered)
        bidder = a_user(session, Role.ENTERPRISE, organisation=both.organisation)
        institute = a_user(session, Role.INSTITUTE, organisation=withheld.result.institute)
        organizer, _ = a_user(session), a_user(session, market="anhui")
        deposits = [a_deposit(session, both, lot, yuan(100)) for lot in (withheld, offered)]

        open_round(session, round_id=sale.id, read_clock=lambda: OPENS)

        assert [each.state for each in deposits] == [DepositState.RELEASED, DepositState.HELD]
        told = session.scalars(select(NoticeRow)).all()
        assert {each.user_id for each in told} == {bidder.id, institute.id, organizer.id}
        assert {(each.what, each.facts["withheld_for"]) for each in told} == {("lot_withheld", "too_few_admitted")}
        assert balances(session)[ledger.BANK] == -yuan(100).minor


def test_a_buyer_without_deposit_owes_everything(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        sale = a_round(session)
        lot = a_lot(session, sale)

        row = settle(session, lot=lot, paddle=a_paddle(session, 8, lot), hammer_price=yuan(1_500), now=NOW)

        assert (row.deposit_applied, row.due) == (ZERO, yuan(1_500))


def test_a_hundred_losers_take_no_more_statements_than_one(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        sale = a_round(session)
        lot = a_lot(session, sale)
        paddles = [a_paddle(session, number, lot) for number in range(1, 110)]
        deposits = [a_deposit(session, paddle, lot, yuan(100)) for paddle in paddles]
        said: list[str] = []
        event.listen(session.get_bind(), "after_cursor_execute", lambda *given: said.append(given[2]))

        settle(session, lot=lot, paddle=paddles[0], hammer_price=yuan(1_500), now=NOW)

        assert len(said) < 12
        assert sum(each.state is DepositState.RELEASED for each in deposits) == 108


@pytest.mark.parametrize("side", ["buyer", "seller"])
def test_a_market_that_both_lists_and_brings_the_buyer_gets_both_shares(sessions: sessionmaker[Session], side: str) -> None:
    with sessions.begin() as session:
        sale = a_round(session, **{f"{side}_bps": 500})
        lot = a_lot(session, sale, market="zhejiang")

        settle(session, lot=lot, paddle=a_paddle(session, 8, lot), hammer_price=yuan(1_001), now=NOW)

        assert balances(session)[ledger.market_account("zhejiang")] == -5_005


@given(
    price=st.integers(0, 10**12),
    held=st.integers(0, 10**12),
    bps=st.tuples(*[st.integers(0, 10_000)] * 3),
)
def test_a_sale_posts_exactly_what_its_statement_says(price: int, held: int, bps: tuple[int, int, int]) -> None:
    statement = statement_of(
        Money(price), Money(held), Commission(buyer_bps=bps[0], seller_bps=bps[1], listing_share_bps=bps[2])
    )

    sums: Counter[str] = Counter()
    for posting in ledger.of_sale(
        statement, paddle_id=8, institute="institute", listing_market="listing", buyer_market="buying"
    ):
        assert posting.amount > ZERO
        sums[posting.debit] += posting.amount.minor
        sums[posting.credit] -= posting.amount.minor

    assert sums[ledger.buyer_account(8)] == statement.due.minor
    assert sums["institute"] == -statement.proceeds.minor
    assert sums[ledger.COMMISSION] == 0
    assert sums["listing"] + sums["buying"] == -(statement.listing_market_share + statement.buyer_market_share).minor
    assert sums[ledger.deposits_account(8)] == statement.deposit_applied.minor
