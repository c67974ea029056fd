"""Loading a whole round from one file: all of it, or nothing."""

from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from techauction.core import round as rounds
from techauction.core.custody import WITHOUT_KEYS, Custody, Slip
from techauction.core.lot import Stage
from techauction.core.planned import PlannedLot, PlannedOrganisation, RoundFile
from techauction.core.reading import Faults
from techauction.core.round import ListedLot, Phase
from techauction.core.roundfile import Known, RoundFileWrong, read
from techauction.services import issuing
from techauction.services.deposits import hold_in_full
from techauction.services.reserves import sealed
from techauction.services.rounds import keep
from techauction.store.auction import PaddleRow
from techauction.store.audit import AuditRow
from techauction.store.consigning import LotRow, ReserveRow, ResultRow, RoundRow, columns_of
from techauction.store.people import FieldRow, MarketRow, OrganisationKind, OrganisationRow, Standing

_SAID = {
    "in_the_past": "must not be past",
    "notice_too_short": "must leave the notice of 7 days, but for a rehearsal",
    "not_after_opening": "must be after opens_at",
    "shorter_than_timed_period": "must leave at least extension_trigger_s after opens_at",
    "after_opening": "must not be after opens_at",
    "none_listed": "must not be empty",
}


def load_round(
    session: Session,
    plan: object,
    *,
    now: datetime,
    publish: bool = True,
    by_id: int | None = None,
    host: str | None = None,
    custody: Custody = WITHOUT_KEYS,
    hand_out: Callable[[int, Slip], None] = lambda _number, _slip: None,
) -> RoundRow:
    """Keep a round with its institutes, lots, enterprises and paddles, and publish it unless asked not to.

    Organisations that are here already, by credit code, stay as they are. Paddles are issued, with their deposits held. `host`
    is the only market that may host the round, where whoever loads it works for one. Reserves in the plan are sealed;
    `hand_out` is given the slip of each with its lot's number.

    :raises RoundFileWrong: with everything that is wrong with the plan
    :raises NoCustodyKey: there is a reserve and no key to seal it with
    """
    faults = Faults()
    file = read(plan, _known(session), faults, now)
    _compare(session, file, faults)
    if host is not None and file.round.host_market not in ("", host):
        faults.note("round.host_market", f"must be {host}, the market that you work for")
    if publish and not faults.any_under("round"):
        _note_problems(file, faults, now)
    if faults.noted:
        raise RoundFileWrong(faults.noted, faults.more)

    row = keep(session, file.round, now=now)
    if publish:
        row.phase, row.published_at = Phase.PUBLISHED, now
    organisations = _keep_organisations(session, file, now=now)
    lots = _keep_lots(session, row, file, organisations, now=now)
    _seal_reserves(session, file, lots, custody=custody, hand_out=hand_out, now=now)
    _issue_paddles(session, row, file, organisations, lots, now=now)
    detail = f"{len(file.lots)} lots, {len(file.bidders)} paddles"
    session.add(AuditRow(at=now, by_id=by_id, what="round.loaded", about=f"round {row.slug}", detail=detail))
    session.flush()
    return row


def _known(session: Session) -> Known:
    return Known(
        markets=frozenset(session.scalars(select(MarketRow.key))),
        fields=frozenset(session.scalars(select(FieldRow.key))),
        kinds=frozenset(kind.value for kind in OrganisationKind),
    )


def _compare(session: Session, file: RoundFile, faults: Faults) -> None:
    """Note what contradicts the rows that are here."""
    slug = file.round.slug
    if slug and session.scalar(select(RoundRow.id).where(RoundRow.slug == slug)) is not None:
        faults.note("round.slug", f"{slug} is taken")
    here = _organisations_here(session, [*file.institutes, *(each.enterprise for each in file.bidders)])
    for each in (*file.institutes, *(bidder.enterprise for bidder in file.bidders)):
        row = here.get(each.credit_code)
        if row is not None and row.standing is not Standing.APPROVED:
            faults.note(f"{each.path}.credit_code", "belongs to an organisation whose registration is not approved")


def _note_problems(file: RoundFile, faults: Faults, now: datetime) -> None:
    """Note what keeps the round from being published."""
    lots = (ListedLot(number=lot.number, start=lot.start, increment=lot.increment) for lot in file.lots)
    plan = RoundRow(**columns_of(file.round)).plan(lots)
    for problem in rounds.problems_of(plan, now):
        path = problem.field if problem.field == "lots" else f"round.{problem.field}"
        if not faults.any_under(path):
            faults.note(path, _SAID[problem.code])


def _keep_organisations(session: Session, file: RoundFile, *, now: datetime) -> dict[str, OrganisationRow]:
    """Return the file's organisations by credit code; one that is in it as institute and enterprise is one row."""
    planned = {each.credit_code: each for each in (*(bidder.enterprise for bidder in file.bidders), *file.institutes)}
    rows = _organisations_here(session, planned.values())
    for code, each in planned.items():
        if code not in rows:
            rows[code] = OrganisationRow(
                kind=OrganisationKind(each.kind),
                name_zh=each.name_zh,
                name_en=each.name_en,
                credit_code=code,
                province=each.province,
                agent=each.agent,
                market_key=each.market,
                standing=Standing.APPROVED,
                synthetic=file.round.synthetic,
                registered_at=now,
            )
            session.add(rows[code])
    session.flush()
    return rows


def _organisations_here(session: Session, planned: Iterable[PlannedOrganisation]) -> dict[str, OrganisationRow]:
    codes = {each.credit_code for each in planned}
    found = session.scalars(select(OrganisationRow).where(OrganisationRow.credit_code.in_(codes)))
    return {row.credit_code: row for row in found}


def _keep_lots(
    session: Session, row: RoundRow, file: RoundFile, organisations: dict[str, OrganisationRow], *, now: datetime
) -> dict[int, LotRow]:
    """Return the round's lots by number, listed."""
    kept = {}
    for lot in file.lots:
        institute = organisations[file.institutes[lot.institute].credit_code]
        kept[lot.number] = _lot_row(row, lot, institute, now=now)
    session.add_all(kept.values())
    session.flush()
    return kept


def _seal_reserves(
    session: Session,
    file: RoundFile,
    lots: dict[int, LotRow],
    *,
    custody: Custody,
    hand_out: Callable[[int, Slip], None],
    now: datetime,
) -> None:
    kept = []
    for lot in file.lots:
        if lot.reserve is not None:
            slip, columns = sealed(lots[lot.number].id, lot.reserve, custody=custody, now=now)
            kept.append(columns)
            hand_out(lot.number, slip)
    if kept:
        session.execute(insert(ReserveRow), kept)


def _lot_row(row: RoundRow, lot: PlannedLot, institute: OrganisationRow, *, now: datetime) -> LotRow:
    result = ResultRow(
        institute_id=institute.id,
        field_key=lot.field,
        title_zh=lot.title_zh,
        title_en=lot.title_en,
        summary_zh=lot.summary_zh,
        summary_en=lot.summary_en,
        owners=lot.owners,
        rights=lot.rights,
        maturity=lot.maturity,
        instrument=lot.instrument,
        synthetic=row.synthetic,
        created_at=now,
    )
    return LotRow(
        round_id=row.id,
        result=result,
        market_key=lot.market,
        format=lot.format,
        number=lot.number,
        start=lot.start,
        increment=lot.increment,
        ladder=lot.ladder,
        reserve_announced=lot.reserve is not None,
        submitted_at=now,
        stage=Stage.LISTED,
    )


def _issue_paddles(
    session: Session,
    row: RoundRow,
    file: RoundFile,
    organisations: dict[str, OrganisationRow],
    lots: dict[int, LotRow],
    *,
    now: datetime,
) -> None:
    paddles = {
        bidder.paddle: PaddleRow(
            round_id=row.id,
            organisation_id=organisations[bidder.enterprise.credit_code].id,
            asked_at=now,
            rules_accepted_at=now,
        )
        for bidder in file.bidders
    }
    its_lots = {bidder.paddle: [lots[number].id for number in bidder.lots] for bidder in file.bidders}
    issuing.issue(session, row, paddles, its_lots, now=now)
    hold_in_full(
        session,
        round_id=row.id,
        lots_by_paddle={paddle.id: its_lots[number] for number, paddle in paddles.items()},
        reference=f"{row.slug}-loaded",
        value_at=now,
        now=now,
    )
