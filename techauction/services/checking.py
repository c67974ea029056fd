"""Checking a round file against what is here: all of it by reading, before anything is written."""

from collections.abc import Iterable
from datetime import datetime
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core import round as rounds
from techauction.core.days import day_of
from techauction.core.planned import RoundFile
from techauction.core.reading import Faults
from techauction.core.round import ListedLot
from techauction.core.roundfile import Known, RoundFileWrong
from techauction.store.consigning import RoundRow, columns_of
from techauction.store.days import special_days
from techauction.store.people import FieldRow, MarketRow, OrganisationKind, OrganisationRow, Standing

_SAID = {
    "in_the_past": "must not be past",
    "notice_too_short": "must leave the notice of 7 days, but for a rehearsal",
    "not_after_opening": "must be after opens_at",
    "shorter_than_timed_period": "must leave at least extension_trigger_s after opens_at",
    "after_opening": "must not be after opens_at",
    "none_listed": "must not be empty",
    "commission_not_agreed": "over 500 only with commission_agreed (拍卖法 art. 56)",
    "commission_note_missing": "must say what was agreed, where commission is over 500",
    "deposit_reason_missing": "must say why deposit_share_bps is outside 500 to 2000",
}
_CODES_AT_ONCE = 1_000


def known(session: Session, now: datetime) -> Known:
    """Return the keys that the installation has, and the special days."""
    special = special_days(session, since=day_of(now))
    return Known(
        markets=frozenset(session.scalars(select(MarketRow.key))),
        fields=frozenset(session.scalars(select(FieldRow.key))),
        kinds=frozenset(kind.value for kind in OrganisationKind),
        special={day.isoformat(): works for day, works in special.items()},
    )


def check(session: Session, file: RoundFile, faults: Faults, *, publish: bool, host: str | None, now: datetime) -> None:
    """Refuse a file that was read with faults, contradicts what is here, or could not be published.

    `host` is the only market that may host the round, where whoever loads it works for one.

    :raises RoundFileWrong: with the first faults, and how many more there are
    """
    _compare(session, file, faults)
    if host is not None and file.round.host_market not in ("", host):
        faults.note("round.host_market", f"must be {host}, the market that you work for")
    for each in (*file.institutes, *(bidder.enterprise for bidder in file.bidders)):
        if each.code_accepted and host is not None and each.market != host:
            faults.note(f"{each.path}.code_accepted", f"is for {each.market} to say, the organisation's market")
    if not faults.any_under("round"):
        _note_problems(file, faults, now, publish=publish)
    if faults.noted:
        raise RoundFileWrong(faults.noted, faults.more)


def organisations_here(session: Session, codes: Iterable[str]) -> dict[str, tuple[int, Standing]]:
    """Return those of the credit codes that are here, each with its organisation's id and standing."""
    columns = (OrganisationRow.credit_code, OrganisationRow.id, OrganisationRow.standing)
    found: dict[str, tuple[int, Standing]] = {}
    rest = iter(codes)
    while some := list(islice(rest, _CODES_AT_ONCE)):
        for code, id_, standing in session.execute(select(*columns).where(OrganisationRow.credit_code.in_(some))):
            found[code] = id_, standing
    return found


def _compare(session: Session, file: RoundFile, faults: Faults) -> None:
    """Note what contradicts the rows that are here."""
    slug = file.round.slug
    if slug and session.scalar(select(RoundRow.id).where(RoundRow.slug == slug)) is not None:
        faults.note("round.slug", f"{slug} is taken")
    planned = (*file.institutes, *(bidder.enterprise for bidder in file.bidders))
    here = organisations_here(session, {each.credit_code for each in planned})
    for each in planned:
        found = here.get(each.credit_code)
        if found is not None and found[1] is not Standing.APPROVED:
            faults.note(f"{each.path}.credit_code", "belongs to an organisation whose registration is not approved")


def _note_problems(file: RoundFile, faults: Faults, now: datetime, *, publish: bool) -> None:
    """Note what keeps the round from being published; of a draft, only what it may not be kept with."""
    lots = (ListedLot(number=lot.number, start=lot.start, increment=lot.increment) for lot in file.lots)
    plan = RoundRow(**columns_of(file.round)).plan(lots)
    for problem in rounds.problems_of(plan, now) if publish else plan.unsaid:
        path = problem.field if problem.field == "lots" else f"round.{problem.field}"
        if not faults.any_under(path):
            faults.note(path, _SAID[problem.code])
