"""Loading a whole round from one file in short steps: nobody sees any of it before the last, which announces it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import chain, islice
from typing import Any, TypeVar

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from techauction.core.admission import DepositKind, DepositState
from techauction.core.credit_code import checks
from techauction.core.custody import WITHOUT_KEYS, Custody, Slip
from techauction.core.ledger import of_deposit_received
from techauction.core.lot import Stage
from techauction.core.money import ZERO, Money
from techauction.core.planned import PlannedBidder, PlannedLot, PlannedOrganisation, RoundFile
from techauction.core.reading import Faults
from techauction.core.refusal import NoSuch
from techauction.core.round import Phase
from techauction.core.roundfile import read
from techauction.services import issuing
from techauction.services.checking import check, known, organisations_here
from techauction.services.registration import code_accepted
from techauction.services.reserves import sealed
from techauction.store.admitting import Admission, admit
from techauction.store.auction import PaddleRow
from techauction.store.audit import AuditRow
from techauction.store.consigning import LotRow, ReserveRow, ResultRow, RoundMarketRow, RoundRow, columns_of
from techauction.store.money import DepositRow, PostingRow, ReceiptRow
from techauction.store.people import OrganisationKind, OrganisationRow, Standing

Step = Callable[[Session], None]
HandOut = Callable[[int, Slip], None]
E = TypeVar("E")

ROWS_AT_ONCE = 100
"""So many organisations, lots or paddles go in one step, and so long in one transaction: a sale may run beside it."""
PADDLES_AT_ONCE = 20
"""Each is bound to its bidder and its lots by digests."""
ADMISSIONS_AT_ONCE = 300
_BLOCK = 32


def _nobody(_number: int, _slip: Slip) -> None:
    """Give the slip of a reserve to nobody."""


def load_round(
    session: Session,
    plan: object,
    *,
    now: datetime,
    publish: bool = True,
    by_id: int | None = None,
    host: str | None = None,
    custody: Custody = WITHOUT_KEYS,
    hand_out: HandOut = _nobody,
) -> RoundRow:
    """Load a round in one transaction, where nothing is being sold: all the steps, one after another.

    :raises RoundFileWrong, NoCustodyKey: as `check` and `Load` say
    """
    faults = Faults()
    file = read(plan, known(session, now), faults, now)
    check(session, file, faults, publish=publish, host=host, now=now)
    load = Load(file, publish=publish, by_id=by_id, custody=custody, hand_out=hand_out, now=now)
    for step in chain(load.steps(session), [load.finish]):
        step(session)
    return session.get_one(RoundRow, load.round_id)


class Load:
    """A checked file on its way into the database, in steps that each take a short transaction of the caller's.

    Organisations that are here already, by credit code, stay as they are. Paddles are issued, with their deposits held.
    Reserves are sealed; `hand_out` is given the slip of each with its lot's number. A load that is broken off leaves rows that
    nobody sees; `sweeping` takes them away.
    """

    def __init__(
        self,
        file: RoundFile,
        *,
        publish: bool,
        by_id: int | None,
        custody: Custody,
        now: datetime,
        hand_out: HandOut = _nobody,
    ) -> None:
        self.round_id = 0
        self._file = file
        self._publish = publish
        self._by_id = by_id
        self._custody = custody
        self._hand_out = hand_out
        self._now = now
        self._organisations: dict[str, int] = {}
        self._lots: dict[int, int] = {}
        self._paddles: dict[int, int] = {}

    def steps(self, session: Session) -> Iterator[Step]:
        """Yield the steps but the last. Between them `session` is read from.

        :raises NoCustodyKey: (a step) there is a reserve and no key to seal it with
        """
        file = self._file
        yield self._begin
        planned = {each.credit_code: each for each in (*(bidder.enterprise for bidder in file.bidders), *file.institutes)}
        self._organisations = {code: id_ for code, (id_, _) in organisations_here(session, planned).items()}
        new = [each for code, each in planned.items() if code not in self._organisations]
        for organisations in _parts(new, ROWS_AT_ONCE):
            yield partial(self._keep_organisations, planned=organisations)
        for lots in _parts(file.lots, ROWS_AT_ONCE):
            yield partial(self._keep_lots, planned=lots)
        for bidders in _parts(file.bidders, PADDLES_AT_ONCE):
            yield partial(self._issue_paddles, planned=bidders)
        for admissions in _parts(self._admissions(), ADMISSIONS_AT_ONCE):
            yield partial(admit, admissions=admissions)
        for bidders in _parts(file.bidders, ROWS_AT_ONCE):
            yield partial(self._receive_deposits, planned=bidders)

    def finish(self, session: Session) -> None:
        """Show the round to everybody whom it concerns, as a draft or published: the last step.

        :raises NoSuch: it was swept away meanwhile
        """
        row = session.get(RoundRow, self.round_id, with_for_update={"of": RoundRow}, populate_existing=True)
        if row is None or row.loading_at is None:
            raise NoSuch
        row.loading_at = None
        if self._publish:
            row.phase, row.published_at = Phase.PUBLISHED, self._now
        session.execute(insert(RoundMarketRow), [{"round_id": row.id, "market_key": key} for key in self._file.round.markets])
        detail = f"{len(self._file.lots)} lots, {len(self._file.bidders)} paddles"
        about = f"round {row.slug}"
        session.add(AuditRow(at=self._now, by_id=self._by_id, what="round.loaded", about=about, detail=detail))
        accepted = (OrganisationRow.loaded_with_id == row.id) & OrganisationRow.code_accepted_at.is_not(None)
        for organisation in session.scalars(select(OrganisationRow).where(accepted).order_by(OrganisationRow.id)):
            session.add(code_accepted(organisation, by_id=self._by_id, now=self._now))
        session.flush()
        session.expire(row)

    def _begin(self, session: Session) -> None:
        # Without markets it is no organizer's: they come with the last step.
        row = RoundRow(phase=Phase.DRAFT, created_at=self._now, loading_at=self._now, **columns_of(self._file.round))
        session.add(row)
        session.flush()
        self.round_id = row.id

    def _keep_organisations(self, session: Session, planned: Sequence[PlannedOrganisation]) -> None:
        rows = [
            {
                "kind": OrganisationKind(each.kind),
                "name_zh": each.name_zh,
                "name_en": each.name_en,
                "credit_code": each.credit_code,
                "province": each.province,
                "agent": each.agent,
                "market_key": each.market,
                "standing": Standing.APPROVED,
                "synthetic": self._file.round.synthetic,
                "registered_at": self._now,
                "loaded_with_id": self.round_id,
                "code_accepted_at": None if checks(each.credit_code) else self._now,
            }
            for each in planned
        ]
        self._organisations |= zip(
            (each.credit_code for each in planned), _inserted(session, OrganisationRow, rows), strict=True
        )

    def _keep_lots(self, session: Session, planned: Sequence[PlannedLot]) -> None:
        results = _inserted(session, ResultRow, [self._result(each) for each in planned])
        rows = [self._lot(each, result_id) for each, result_id in zip(planned, results, strict=True)]
        ids = dict(zip((each.number for each in planned), _inserted(session, LotRow, rows), strict=True))
        reserves = []
        for lot in planned:
            if lot.reserve is not None:
                slip, columns = sealed(ids[lot.number], lot.reserve, custody=self._custody, now=self._now)
                reserves.append(columns)
                self._hand_out(lot.number, slip)
        if reserves:
            session.execute(insert(ReserveRow), reserves)
        self._lots |= ids

    def _result(self, lot: PlannedLot) -> dict[str, Any]:
        return {
            "institute_id": self._organisations[self._file.institutes[lot.institute].credit_code],
            "field_key": lot.field,
            "title_zh": lot.title_zh,
            "title_en": lot.title_en,
            "summary_zh": lot.summary_zh,
            "summary_en": lot.summary_en,
            "owners": lot.owners,
            "rights": lot.rights,
            "maturity": lot.maturity,
            "instrument": lot.instrument,
            "synthetic": self._file.round.synthetic,
            "created_at": self._now,
        }

    def _lot(self, lot: PlannedLot, result_id: int) -> dict[str, Any]:
        return {
            "round_id": self.round_id,
            "result_id": result_id,
            "market_key": lot.market,
            "format": lot.format,
            "number": lot.number,
            "start": lot.start,
            "increment": lot.increment,
            "ladder": lot.ladder,
            "reserve_announced": lot.reserve is not None,
            "submitted_at": self._now,
            "stage": Stage.LISTED,
        }

    def _issue_paddles(self, session: Session, planned: Sequence[PlannedBidder]) -> None:
        row = session.get_one(RoundRow, self.round_id, with_for_update={"of": RoundRow}, populate_existing=True)
        paddles = {
            each.paddle: PaddleRow(
                round_id=row.id,
                organisation_id=self._organisations[each.enterprise.credit_code],
                asked_at=self._now,
                rules_accepted_at=self._now,
            )
            for each in planned
        }
        lots = {each.paddle: [self._lots[number] for number in each.lots] for each in planned}
        issuing.issue(session, row, paddles, lots, now=self._now)
        self._paddles |= {number: paddle.id for number, paddle in paddles.items()}

    def _admissions(self) -> Iterator[Admission]:
        """Yield them in blocks of few paddles and few lots.

        Their tables have an index by paddle and one by lot: by either order a step would change a page for each row.
        """
        needs = self._needs()
        for bidders in _parts(self._file.bidders, _BLOCK):
            blocks: dict[int, list[Admission]] = {}
            for bidder in bidders:
                paddle_id = self._paddles[bidder.paddle]
                for number in bidder.lots:
                    blocks.setdefault(number // _BLOCK, []).append((paddle_id, self._lots[number], needs[number]))
            for _, block in sorted(blocks.items()):
                yield from block

    def _needs(self) -> dict[int, int | None]:
        """Return the deposit for each lot by its number, in fen; none where one is fixed for the round."""
        rule = self._file.round.deposit
        each_lot = rule.kind is not DepositKind.FIXED
        return {lot.number: rule.of(lot.start).minor if each_lot else None for lot in self._file.lots}

    def _receive_deposits(self, session: Session, planned: Sequence[PlannedBidder]) -> None:
        """Keep what each paddle's bank receipt and posting say: all that it needs, in one sum."""
        needs, rule = self._needs(), self._file.round.deposit
        if rule.kind is DepositKind.FIXED:
            sums = {self._paddles[each.paddle]: rule.of(ZERO) for each in planned if each.lots}
            if sums:
                session.execute(insert(DepositRow), [_held(*each) for each in sums.items()])
        else:
            sums = {self._paddles[each.paddle]: Money(sum(needs[number] or 0 for number in each.lots)) for each in planned}
        received = [(paddle_id, amount) for paddle_id, amount in sums.items() if amount > ZERO]
        if received:
            session.execute(insert(ReceiptRow), [self._receipt(*each) for each in received])
            session.execute(insert(PostingRow), [self._posting(*each) for each in received])

    def _receipt(self, paddle_id: int, amount: Money) -> dict[str, Any]:
        return {
            "paddle_id": paddle_id,
            "amount": amount,
            "value_at": self._now,
            "reference": f"{self._file.round.slug}-loaded-{paddle_id}",
            "recorded_by_id": None,
            "recorded_at": self._now,
        }

    def _posting(self, paddle_id: int, amount: Money) -> dict[str, Any]:
        entry = of_deposit_received(amount, paddle_id=paddle_id)
        return {
            "at": self._now,
            "what": entry.what,
            "paddle_id": paddle_id,
            "lot_id": None,
            "debit": entry.debit,
            "credit": entry.credit,
            "amount": entry.amount,
        }


def _held(paddle_id: int, amount: Money) -> dict[str, Any]:
    return {
        "paddle_id": paddle_id,
        "lot_id": None,
        "required": amount,
        "held": amount,
        "applied": ZERO,
        "released": ZERO,
        "state": DepositState.HELD,
    }


def _inserted(session: Session, row: type[OrganisationRow | ResultRow | LotRow], rows: list[dict[str, Any]]) -> list[int]:
    """Insert rows, and return their ids in the same order."""
    return list(session.scalars(insert(row).returning(row.id, sort_by_parameter_order=True), rows))


def _parts(whole: Iterable[E], size: int) -> Iterator[list[E]]:
    rest = iter(whole)
    while part := list(islice(rest, size)):
        yield part
