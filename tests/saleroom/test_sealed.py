"""Sealed rounds: against an independent, naive model (`tests/model_sealed.py`); and what is kept before the close."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session, sessionmaker

from techauction.core.custody import WITHOUT_KEYS, Custody, NoCustodyKey
from techauction.core.lot import Format, Stage
from techauction.core.money import Money
from techauction.core.paddle import PaddleAtSealedLot
from techauction.core.record import Kind
from techauction.core.refusal import Refusal
from techauction.core.violation import Fault
from techauction.custody import KeyRing
from techauction.db import writing
from techauction.queries.live import live_lots
from techauction.queries.receipts import my_bids
from techauction.reports.record_of_sale import verify_round
from techauction.services import admission, aftersale, hammer, holding, keys, opening, withdrawing
from techauction.services.bidding import Answer, Asked, Taken, take_bids
from techauction.services.two import Two
from techauction.store.auction import AdmissionRow, OfferRow, OutcomeRow, PaddleRow, SealedBidRow
from techauction.store.consigning import LotRow, ReserveRow
from techauction.store.record import RecordRow
from tests import builders
from tests.builders import CLOSES, OPENS
from tests.model_sealed import ModelSealedLot
from tests.saleroom.interleaving import interleavings

IN_FULL = settings().max_examples >= 150
START, STEP = 20_000_000, 1_000_000


@dataclass
class Sealed:
    """An open round of one sealed lot; paddles 101, 102, … are admitted to it."""

    sessions: sessionmaker[Session]
    custody: Custody
    lot: int = 0
    round_id: int = 0
    slug: str = ""
    people: dict[int, tuple[int, int]] = field(default_factory=dict)
    _keys: Any = field(default_factory=count)

    def begin(self, *, paddles: int, reserve: int | None = None, ranks: dict[int, int] | None = None, **rules: Any) -> None:
        with self.sessions() as session, writing(session):
            row = builders.a_round(session, min_admitted=1, **rules)
            lot = builders.a_lot(
                session,
                row,
                number=1,
                start=Money(START),
                increment=Money(STEP),
                format=Format.SEALED,
                reserve_announced=reserve is not None,
            )
            if reserve is not None:
                builders.a_reserve(session, lot, Money(reserve), custody=self.custody)
            for number in range(101, 101 + paddles):
                paddle = builders.a_paddle(session, number, lot)
                user = builders.a_user(session, builders.Role.ENTERPRISE, organisation=paddle.organisation)
                self.people[number] = (paddle.organisation_id, user.id)
                rank = (ranks or {}).get(number)
                session.execute(update(AdmissionRow).where(AdmissionRow.paddle_id == paddle.id).values(priority_rank=rank))
            stranger = builders.a_user(session, builders.Role.ENTERPRISE)
            assert stranger.organisation_id is not None
            self.people[0] = (stranger.organisation_id, stranger.id)
            self.lot, self.round_id, self.slug = lot.id, row.id, row.slug
            opening.open_round(session, round_id=row.id, read_clock=lambda: OPENS)

    def asked(self, paddle: int, fen: int, *, confirmed: bool = False, key: str | None = None) -> Asked:
        organisation_id, user_id = self.people[paddle]
        return Asked(
            lot_id=self.lot,
            organisation_id=organisation_id,
            user_id=user_id,
            session_id=None,
            amount=Money(fen),
            key=key or f"a-key-{next(self._keys)}",
            confirmed=confirmed,
        )

    def ask(self, *asked: Asked, after: timedelta = timedelta(minutes=1), custody: Custody | None = None) -> list[Answer]:
        with self.sessions() as session, writing(session):
            return take_bids(session, asked, read_clock=lambda: OPENS + after, custody=custody or self.custody)

    def offer(self, paddle: int, fen: int, **more: Any) -> Answer:
        [answer] = self.ask(self.asked(paddle, fen, **more))
        return answer

    def fall(self, custody: Custody, after: timedelta = timedelta()) -> tuple[Any, ...] | None:
        with self.sessions() as session, writing(session):
            hammer.fall(session, [self.lot], now=CLOSES + after, custody=custody)
            aftersale.bring(session, aftersale.owed(session, most=9, round_id=self.round_id))
            opening.close_round(session, round_id=self.round_id, now=CLOSES + after)
            found = session.get(OutcomeRow, self.lot)
            if found is None:
                return None
            return (found.ending.value, found.reason, found.paddle, None if found.price is None else found.price.minor)

    def shown(self) -> tuple[int, int | None, Money | None]:
        with self.sessions() as session:
            [state] = live_lots(session, [self.lot])
            return (state.bids, state.paddle, state.standing)

    def violations(self) -> list[Any]:
        with self.sessions() as session:
            return verify_round(session, self.slug)

    def rows(self, kind: Any) -> list[Any]:
        with self.sessions() as session:
            return list(session.scalars(select(kind)))


@pytest.fixture
def sale(sessions: sessionmaker[Session], custody: KeyRing) -> Sealed:
    """Return an open sealed lot with three paddles."""
    made = Sealed(sessions, custody)
    made.begin(paddles=3)
    return made


def code_of(answer: Answer) -> str:
    return answer.code if isinstance(answer, Refusal) else ""


def test_the_model_fits_on_a_page_and_knows_nothing_of_the_product() -> None:
    written = (Path(__file__).parents[1] / "model_sealed.py").read_text()

    assert len(written.splitlines()) <= 60
    assert "techauction" not in written


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_sealed_rounds_are_sold_as_the_model_sells_them(sessions: sessionmaker[Session], custody: KeyRing) -> None:
    def play(chance: Random) -> None:
        ranks = {paddle: chance.randint(1, 2) for paddle in range(101, 106) if chance.random() < 0.4}
        reserve = chance.choice([None, START + chance.randint(0, 5) * STEP])
        collar, min_bidding = chance.choice([0, 1, 3]), chance.choice([1, 1, 2])
        model = ModelSealedLot(START, STEP, reserve, collar, min_bidding)
        sale = Sealed(sessions, custody)
        sale.begin(paddles=5, reserve=reserve, ranks=ranks, collar=collar, min_bidding=min_bidding)
        for _ in range(chance.randint(0, 4)):
            group = [an_ask(chance) for _ in range(chance.randint(1, 4))]
            answers = sale.ask(*(sale.asked(paddle, fen, confirmed=confirmed) for paddle, fen, confirmed in group))
            for (paddle, fen, confirmed), answer in zip(group, answers, strict=True):
                assert code_of(answer) == model.offer(paddle, fen, confirmed=confirmed, admitted=paddle != 0)
            assert sale.shown() == model.shown()
        for key_here in [False, False, True] if chance.random() < 0.4 else [True]:
            keys_here = custody if key_here else WITHOUT_KEYS
            ended = sale.fall(keys_here)
            assert ended == model.hammer(ranks, key_here=key_here)
            assert sale.violations() == []
            if ended is not None:
                break
            assert sale.shown() == model.shown()
            [late] = sale.ask(sale.asked(101, START), after=CLOSES - OPENS)
            assert code_of(late) == model.offer(101, START, confirmed=False, admitted=True) == "closed"

    interleavings(60 if IN_FULL else 12, play)


def an_ask(chance: Random) -> tuple[int, int, bool]:
    paddle = chance.choice([0, 101, 102, 103, 104, 105])
    fen = START + chance.randint(-1, 6) * STEP + chance.choice([0, 0, 0, 0, 1])
    return paddle, fen + chance.choice([0, 0, 3 * START]), chance.random() < 0.5


def test_before_the_close_no_row_tells_a_sum_or_who_offered_in_the_record(sale: Sealed) -> None:
    taken = sale.offer(102, 271_000_000, confirmed=True)

    assert isinstance(taken, Taken)
    assert (taken.paddle, taken.amount, taken.seq) == (102, Money(271_000_000), 2)
    [offer] = sale.rows(OfferRow)
    assert (offer.amount, offer.confirmed, offer.facts, offer.seq) == (None, False, None, 2)
    event = sale.rows(RecordRow)[-1]
    assert (event.kind, event.paddle, event.amount, set(event.data)) == (Kind.SEALED, None, None, {"commitment"})
    [lot] = sale.rows(LotRow)
    assert (lot.bids, lot.bidders, lot.standing_amount) == (1, [], None)
    assert "271000000" not in everything(sale)
    assert sale.violations() == []


@pytest.mark.parametrize("opened", [False, True], ids=["before the close", "after it"])
def test_a_box_that_is_gone_or_of_another_paddle_is_found(sale: Sealed, *, opened: bool) -> None:
    sale.offer(101, START)
    sale.offer(102, START + STEP)
    if opened:
        sale.fall(sale.custody)
    assert sale.violations() == []

    with sale.sessions.begin() as session:
        _, second = session.scalars(select(SealedBidRow).order_by(SealedBidRow.seq))
        if opened:
            second.paddle_id = session.scalars(select(PaddleRow.id).where(PaddleRow.number == 103)).one()
        else:
            session.delete(second)

    assert [(each.code, each.seq) for each in sale.violations()] == [(Fault.OFFER_DIFFERS, 3)]


def test_of_an_offer_refused_for_its_sum_nothing_is_kept(sale: Sealed) -> None:
    answers = [sale.offer(101, 271_000_000), sale.offer(101, START + 7), sale.offer(101, START - STEP)]

    assert [code_of(each) for each in answers] == ["needs_confirmation", "off_grid", "too_low"]
    assert sale.rows(OfferRow) == []
    assert "271000000" not in everything(sale)


def test_a_second_offer_is_refused_and_the_refusal_says_nothing_of_it(sale: Sealed) -> None:
    sale.offer(101, START)

    assert code_of(sale.offer(101, 31_000_000)) == "sealed_once"
    assert [offer.amount for offer in sale.rows(OfferRow)] == [None, None]
    assert "31000000" not in everything(sale)


def everything(sale: Sealed) -> str:
    """Return every row of every table but for the lots' terms, as text."""
    with sale.sessions() as session:
        tables = ("offers", "sealed_bids", "record", "audit", "notices", "outcomes", "paddles", "admissions", "reserves")
        return " ".join(str(session.execute(text(f"SELECT * FROM {table}")).all()) for table in tables)


def test_the_same_key_gets_the_first_answer_and_another_sum_under_it_is_refused(sale: Sealed) -> None:
    first = sale.offer(101, START + STEP, key="the-same-key")

    assert sale.offer(101, START + STEP, key="the-same-key") == first
    assert code_of(sale.offer(101, START, key="the-same-key")) == "key_reused"
    assert code_of(sale.offer(101, START + STEP, key="the-same-key", confirmed=True)) == "key_reused"
    together = [sale.asked(102, START, key="another-key") for _ in range(2)]
    assert len(set(map(str, sale.ask(*together)))) == 1


def test_asked_by_its_key_an_offer_is_there_without_its_sum(sale: Sealed) -> None:
    sale.offer(101, START, key="the-same-key")

    with sale.sessions() as session:
        found = keys.look_up(session, lot_id=sale.lot, organisation_id=sale.people[101][0], key="the-same-key")

    assert isinstance(found, Taken)
    assert (found.paddle, found.amount, found.seq) == (101, None, 2)


def test_whether_a_paddle_may_be_voided_does_not_tell_whether_it_made_a_sealed_offer(sale: Sealed) -> None:
    sale.offer(101, START)
    said = []
    for number in (101, 102):
        with sale.sessions() as session, writing(session):
            paddle = session.scalars(select(PaddleRow).where(PaddleRow.number == number)).one()
            organizer = builders.a_user(session)

            with pytest.raises(PaddleAtSealedLot) as refused:
                admission.void(
                    session,
                    paddle_id=paddle.id,
                    market_key="zhejiang",
                    reason="Why.",
                    by_id=organizer.id,
                    read_clock=lambda: OPENS,
                )
        said.append(refused.value.facts)

    assert said[0] == said[1]


def test_two_offers_of_a_paddle_in_one_group_are_one(sale: Sealed) -> None:
    answers = sale.ask(sale.asked(101, START), sale.asked(101, START + STEP))

    assert [code_of(each) for each in answers] == ["", "sealed_once"]


def test_a_late_sealed_offer_moves_no_close(sale: Sealed) -> None:
    [answer] = sale.ask(sale.asked(101, START), after=CLOSES - OPENS - timedelta(seconds=1))

    assert isinstance(answer, Taken)
    assert answer.closes_at == CLOSES


def test_all_are_opened_by_one_event_and_then_the_hammer_falls(sale: Sealed) -> None:
    sale.offer(101, START + STEP)
    sale.offer(102, START + 2 * STEP)

    assert sale.fall(sale.custody) == ("sold", "", 102, START + 2 * STEP)

    kinds = [row.kind for row in sale.rows(RecordRow)]
    assert kinds == [Kind.OPENED, Kind.SEALED, Kind.SEALED, Kind.UNSEALED, Kind.HAMMERED]
    bids = sale.rows(RecordRow)[3].data["bids"]
    assert [(each["seq"], each["paddle"], each["amount_fen"]) for each in bids] == [
        (2, 101, START + STEP),
        (3, 102, START + 2 * STEP),
    ]
    assert sale.violations() == []


def test_ones_own_offer_has_its_sum_in_the_list_of_receipts_once_it_is_opened(sale: Sealed) -> None:
    sale.offer(101, START + STEP)
    organisation_id = sale.people[101][0]

    def mine() -> list[Money | None]:
        with sale.sessions() as session:
            return [each.amount for each in my_bids(session, organisation_id=organisation_id, page=1).bids]

    assert mine() == [None]
    sale.fall(sale.custody)
    assert mine() == [Money(START + STEP)]


def test_without_the_key_no_offer_is_taken(sale: Sealed) -> None:
    [answer] = sale.ask(sale.asked(101, START), custody=WITHOUT_KEYS)

    assert isinstance(answer, NoCustodyKey)
    assert sale.shown() == (0, None, None)


@pytest.mark.parametrize("gone", ["deleted", "swapped"])
def test_a_box_that_is_gone_or_another_keeps_the_hammer_up(sale: Sealed, gone: str) -> None:
    sale.offer(101, START)
    sale.offer(102, START + STEP)
    with sale.sessions() as session, writing(session):
        first, second = session.scalars(select(SealedBidRow).order_by(SealedBidRow.seq)).all()
        if gone == "deleted":
            session.delete(second)
        else:
            first.sealed, second.sealed = second.sealed, first.sealed

    assert sale.fall(sale.custody) is None

    [lot] = sale.rows(LotRow)
    assert (lot.stage, lot.key_missing_at) == (Stage.OPEN, CLOSES)


def test_a_lot_with_a_reserve_waits_for_its_offers_key_too(sessions: sessionmaker[Session], custody: KeyRing) -> None:
    sale = Sealed(sessions, custody)
    sale.begin(paddles=2, reserve=START)
    sale.offer(101, START)
    assert sale.fall(WITHOUT_KEYS) is None
    with sessions() as session, writing(session):
        kept = session.get_one(ReserveRow, sale.lot)
        kept.amount, kept.salt = Money(START), "5" * 64

    assert sale.fall(WITHOUT_KEYS) is None
    with sessions() as session:
        assert holding.openable(session, WITHOUT_KEYS) == []
        assert holding.openable(session, custody) == [sale.lot]
    assert sale.fall(custody) == ("sold", "", 101, START)


def test_a_lot_whose_key_is_lost_for_good_is_ended_by_two(sale: Sealed) -> None:
    sale.offer(101, START)
    assert sale.fall(WITHOUT_KEYS) is None
    with sale.sessions() as session, writing(session):
        lot = session.get_one(LotRow, sale.lot)
        asked, approved = (builders.a_user(session, market=market).id for market in ("zhejiang", "anhui"))
        two, later = Two(asked, approved), CLOSES + timedelta(hours=1)
        assert withdrawing.end(session, [lot], reason="The key is lost.", two=two, now=later) == [lot]

    [lot] = sale.rows(LotRow)
    assert (lot.stage, lot.key_missing_at, lot.standing_amount) == (Stage.ENDED, None, None)
    assert {each.code for each in sale.violations()} <= {Fault.NOT_APPROVED}  # nobody was asked here


def _drop_last(bids: list[dict[str, Any]]) -> None:
    bids.pop()


def _raise_first(bids: list[dict[str, Any]]) -> None:
    bids[0]["amount_fen"] += STEP


def _rename(bids: list[dict[str, Any]]) -> None:
    bids[0]["paddle"] = 103


def _rank(bids: list[dict[str, Any]]) -> None:
    bids[0]["rank"] = 1


@pytest.mark.parametrize("change", [_drop_last, _raise_first, _rename, _rank])
def test_what_was_opened_wrongly_is_found(sale: Sealed, change: Callable[[list[dict[str, Any]]], None]) -> None:
    sale.offer(101, START + 2 * STEP)
    sale.offer(102, START + STEP)
    sale.fall(sale.custody)
    with sale.sessions() as session, writing(session):
        row = session.scalars(select(RecordRow).where(RecordRow.kind == Kind.UNSEALED)).one()
        data = {"bids": [dict(each) for each in row.data["bids"]]}  # type: ignore[attr-defined]
        change(data["bids"])
        row.data = data

    found = {each.code for each in sale.violations()}

    assert Fault.WRONG_HASH in found
    assert found - {Fault.WRONG_HASH}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_file_of_the_database_holds_no_sum_before_the_close(engine: Engine, sale: Sealed, tmp_path: Path) -> None:
    sale.offer(101, 271_000_000, confirmed=True)

    engine.dispose()
    files = [each for each in tmp_path.iterdir() if each.name.startswith("techauction.db")]
    assert files
    # SQLite keeps whole numbers as big-endian bytes, and JSON as text.
    for said in (b"271000000", (271_000_000).to_bytes(4, "big")):
        assert not [each.name for each in files if said in each.read_bytes()]
