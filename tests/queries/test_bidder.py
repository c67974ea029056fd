from datetime import timedelta

from sqlalchemy.orm import Session, sessionmaker

from techauction.core.admission import DepositState
from techauction.core.lot import Stage
from techauction.core.offer import BidTooLow
from techauction.core.outcome import Ending
from techauction.queries.bidder import LOTS_A_PAGE, answered, bidding_page, my_lots
from techauction.store.auction import OfferRow, OutcomeRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.people import Role
from tests.builders import CLOSES, OPENS, a_deposit, a_lot, a_paddle, a_round, a_user, an_organisation, wan
from tests.conftest import TEN

Sessions = sessionmaker[Session]


def an_open_lot(session: Session, round_: RoundRow, *, closes: int = 0, **more: object) -> LotRow:
    closes_at = CLOSES + timedelta(minutes=closes)
    return a_lot(
        session,
        round_,
        stage=Stage.OPEN,
        opens_at=OPENS,
        closes_at=closes_at,
        scheduled_closes_at=closes_at,
        **more,  # type: ignore[arg-type]
    )


def test_my_lots_are_those_my_paddle_is_admitted_to_and_nobody_elses(sessions: Sessions) -> None:
    with sessions() as session:
        round_ = a_round(session)
        mine, other = an_open_lot(session, round_), an_open_lot(session, round_)
        me, rival = an_organisation(session), an_organisation(session)
        a_paddle(session, 260, mine, organisation=me)
        a_paddle(session, 311, mine, other, organisation=rival)

        page = my_lots(session, organisation_id=me.id, page=1, now=OPENS)

        assert [lot.tile.sale.lot_id for lot in page.lots] == [mine.id]
        assert [lot.paddle for lot in page.lots] == [260]


def test_my_lots_being_sold_come_first_and_the_next_to_close_at_the_head(sessions: Sessions) -> None:
    with sessions() as session:
        round_ = a_round(session)
        ended = an_open_lot(session, round_)
        ended.stage = Stage.ENDED
        session.add(OutcomeRow(lot_id=ended.id, ending=Ending.PASSED_IN, reason="no_bid", ended_at=CLOSES))
        late, soon = an_open_lot(session, round_, closes=9), an_open_lot(session, round_, closes=1)
        listed = a_lot(session, round_)
        me = an_organisation(session)
        a_paddle(session, 260, ended, late, soon, listed, organisation=me)

        page = my_lots(session, organisation_id=me.id, page=1, now=OPENS)

        assert [lot.tile.sale.lot_id for lot in page.lots] == [soon.id, late.id, listed.id, ended.id]


def test_my_lots_come_a_page_at_a_time(sessions: Sessions) -> None:
    with sessions() as session:
        round_ = a_round(session)
        me = an_organisation(session)
        a_paddle(session, 260, *(a_lot(session, round_) for _ in range(LOTS_A_PAGE + 1)), organisation=me)

        page = my_lots(session, organisation_id=me.id, page=2, now=TEN)

        assert len(page.lots) == 1
        assert page.paging.pages == 2


def test_a_lot_says_whether_i_lead_and_where_my_deposit_stands(sessions: Sessions) -> None:
    with sessions() as session:
        round_ = a_round(session)
        standing = {"standing_amount": wan(210), "standing_at": OPENS}
        led = an_open_lot(session, round_, standing_paddle=260, **standing)
        lost = an_open_lot(session, round_, closes=1, standing_paddle=311, **standing)
        me = an_organisation(session)
        paddle = a_paddle(session, 260, led, lost, organisation=me)
        a_deposit(session, paddle, None, wan(20))

        lots = my_lots(session, organisation_id=me.id, page=1, now=OPENS).lots

        assert [lot.leads for lot in lots] == [True, False]
        assert [lot.deposit and (lot.deposit.held, lot.deposit.state) for lot in lots] == [(wan(20), DepositState.HELD)] * 2


def test_an_enterprise_without_a_paddle_sees_the_lot_but_may_not_bid(sessions: Sessions) -> None:
    with sessions() as session:
        round_ = a_round(session)
        an_open_lot(session, round_, number=4)
        stranger = an_organisation(session)

        page = bidding_page(session, round_.slug, 4, organisation_id=stranger.id, page=1, now=OPENS)

        assert page is not None
        assert not page.may_bid
        assert page.me.paddle is None


def test_a_bidder_whose_deposit_does_not_reach_may_not_bid(sessions: Sessions) -> None:
    with sessions() as session:
        round_ = a_round(session)
        lot = an_open_lot(session, round_, number=4)
        me = an_organisation(session)
        a_deposit(session, a_paddle(session, 260, lot, organisation=me), lot, wan(20), held=wan(19))

        page = bidding_page(session, round_.slug, 4, organisation_id=me.id, page=1, now=OPENS)

        assert page is not None
        assert not page.may_bid


def test_the_answer_to_an_offer_is_found_by_its_key_and_by_its_own_bidder_only(sessions: Sessions) -> None:
    with sessions() as session:
        lot = an_open_lot(session, a_round(session))
        me, rival = an_organisation(session), an_organisation(session)
        user = a_user(session, Role.ENTERPRISE, organisation=me)
        session.add(
            OfferRow(
                lot_id=lot.id,
                organisation_id=me.id,
                user_id=user.id,
                key="a-key-of-mine",
                amount=wan(1),
                received_at=OPENS,
                decided_at=OPENS,
                code="too_low",
                facts={"offered_fen": wan(1).minor, "least_fen": wan(200).minor},
            )
        )
        session.flush()

        mine = answered(session, organisation_id=me.id, lot_id=lot.id, key="a-key-of-mine")

        assert mine is not None
        assert isinstance(mine.refusal, BidTooLow)
        assert mine.refusal.facts["least"] == wan(200)
        assert answered(session, organisation_id=rival.id, lot_id=lot.id, key="a-key-of-mine") is None
        assert answered(session, organisation_id=me.id, lot_id=lot.id, key="another-key") is None
