"""Who a paddle belongs to: bound at its issue, and found by the verifier when it is anybody else."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, sessionmaker

from techauction.core.approval import Decision
from techauction.core.binding import binding
from techauction.core.record import GENESIS, round_digest
from techauction.core.renaming import LASTS
from techauction.core.round_record import RoundKind
from techauction.core.violation import Fault, Violation
from techauction.reports.record_of_sale import verify_round
from techauction.services import admission, opening
from techauction.store.auction import AdmissionRow, PaddleRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.people import OrganisationRow
from techauction.store.record import RoundRecordRow
from techauction.store.renames import RenameRow
from tests.builders import CLOSES, OPENS, a_paddle, a_user, an_organisation
from tests.conftest import TEN
from tests.rounds import Played, a_round_sold, a_round_to_play


@pytest.fixture
def played(sessions: sessionmaker[Session]) -> Played:
    """Return a round that was sold and closed."""
    with sessions.begin() as session:
        return a_round_sold(session)


def verify(sessions: sessionmaker[Session], played: Played) -> list[Violation]:
    with sessions() as session:
        return verify_round(session, played.row.slug)


def swapped(session: Session, kind: Any, column: str, one: int, other: int) -> None:
    """Exchange a column of two rows, by way of a value that nothing has."""
    rows = [session.get_one(kind, each) for each in (one, other)]
    kept = [getattr(row, column) for row in rows]
    aside = 9_999 if isinstance(kept[0], int) else "aside"
    session.execute(update(kind).where(kind.id == one).values({column: aside}))
    session.execute(update(kind).where(kind.id == other).values({column: kept[0]}))
    session.execute(update(kind).where(kind.id == one).values({column: kept[1]}))


@pytest.mark.parametrize("column", ["name_zh", "name_en", "credit_code"])
def test_two_paddles_organisations_that_were_exchanged_are_found(
    sessions: sessionmaker[Session], played: Played, column: str
) -> None:
    one, other = (each.organisation_id for each in played.paddles[:2])
    with sessions.begin() as session:
        swapped(session, OrganisationRow, column, one, other)

    assert {(each.code, each.lot) for each in verify(sessions, played)} == {(Fault.BIDDER_DIFFERS, played.row.slug)}


@pytest.mark.parametrize("column", ["name_zh", "name_en", "credit_code"])
def test_a_buyer_renamed_by_one_is_found(sessions: sessionmaker[Session], played: Played, column: str) -> None:
    with sessions.begin() as session:
        session.execute(
            update(OrganisationRow)
            .where(OrganisationRow.id == played.paddles[0].organisation_id)
            .values({column: "91330000000000000X"})
        )

    assert [(each.code, each.seq) for each in verify(sessions, played)] == [(Fault.BIDDER_DIFFERS, 1)]


def test_paddles_whose_numbers_were_exchanged_are_found(sessions: sessionmaker[Session], played: Played) -> None:
    with sessions.begin() as session:
        swapped(session, PaddleRow, "number", played.paddles[0].id, played.paddles[2].id)

    assert Fault.BIDDER_DIFFERS in {each.code for each in verify(sessions, played)}


def exchanged(session: Session, played: Played) -> None:
    """Make the first two paddles each other's bidder's, in every row that says whose they are."""
    for kind, ids in (
        (OrganisationRow, [each.organisation_id for each in played.paddles[:2]]),
        (PaddleRow, [each.id for each in played.paddles[:2]]),
    ):
        for column in ("name_zh", "name_en", "credit_code"):
            swapped(session, kind, column, *ids)


def test_bidders_exchanged_in_every_row_are_found_by_their_bindings(sessions: sessionmaker[Session], played: Played) -> None:
    with sessions.begin() as session:
        exchanged(session, played)

    assert [(each.code, each.seq) for each in verify(sessions, played)] == [
        (Fault.BIDDER_DIFFERS, 1),
        (Fault.BIDDER_DIFFERS, 2),
    ]


def test_bidders_exchanged_with_the_rounds_whole_record_are_found_by_its_lots(
    sessions: sessionmaker[Session], played: Played
) -> None:
    with sessions.begin() as session:
        exchanged(session, played)
        slug = played.row.slug
        paddles = {each.number: each for each in session.scalars(select(PaddleRow)) if each.number and each.salt}
        prev_hash = GENESIS
        for row in session.scalars(select(RoundRecordRow).order_by(RoundRecordRow.seq)):
            if row.kind is RoundKind.PADDLE_ISSUED:
                holds = paddles[row.data["paddle"]]  # type: ignore[index]
                bound = binding(slug, holds.number or 0, holds.bidder, holds.salt or "")
                row.data = {**row.data, "binding": bound}
            row.prev_hash = prev_hash
            row.hash = prev_hash = row.to_core(slug).digest(prev_hash)

    assert {each.code for each in verify(sessions, played)} == {Fault.BROKEN_CHAIN, Fault.DIGEST_DIFFERS}


@pytest.mark.parametrize("column", ["credit_code", "name_zh", "name_en", "salt"])
def test_an_opening_that_is_gone_is_found(sessions: sessionmaker[Session], played: Played, column: str) -> None:
    with sessions.begin() as session:
        session.execute(update(PaddleRow).where(PaddleRow.number == 101).values({column: None}))

    assert Fault.BIDDER_DIFFERS in {each.code for each in verify(sessions, played)}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (update(RoundRecordRow).where(RoundRecordRow.seq == 2).values(prev_hash="0" * 64), Fault.BROKEN_CHAIN),
        (update(RoundRecordRow).where(RoundRecordRow.seq == 2).values(hash="0" * 64), Fault.WRONG_HASH),
        (update(RoundRecordRow).where(RoundRecordRow.seq == 2).values(at=CLOSES), Fault.WRONG_HASH),
        (update(RoundRecordRow).where(RoundRecordRow.seq == 2).values(kind=RoundKind.PADDLE_VOIDED), Fault.WRONG_HASH),
        (update(RoundRecordRow).where(RoundRecordRow.seq == 2).values(data={"paddle": 102}), Fault.UNREADABLE),
        (update(RoundRecordRow).where(RoundRecordRow.seq == 4).values(seq=9), Fault.GAP),
        (delete(RoundRecordRow).where(RoundRecordRow.seq == 4), Fault.TERMS_DIFFER),
        (delete(RoundRecordRow), Fault.DIGEST_DIFFERS),
        (update(PaddleRow).where(PaddleRow.number == 103).values(voided_at=CLOSES), Fault.STATE_DIFFERS),
        (update(PaddleRow).where(PaddleRow.number == 103).values(issued_at=OPENS), Fault.STATE_DIFFERS),
        pytest.param(
            update(AdmissionRow).where(AdmissionRow.id == 2).values(priority_rank=1), Fault.NOT_ADMITTED, id="rank"
        ),  # of a paddle whose bids say nothing of it
        (delete(AdmissionRow).where(AdmissionRow.id == 4), Fault.NOT_ADMITTED),
        (update(RoundRow).values(digest_version=1), Fault.DIGEST_DIFFERS),
        (update(RoundRow).values(digest_version=None), Fault.DIGEST_DIFFERS),
    ],
)
def test_nothing_of_a_rounds_record_may_be_said_otherwise(
    sessions: sessionmaker[Session], played: Played, change: Any, fault: Fault
) -> None:
    with sessions.begin() as session:
        session.execute(change, execution_options={"synchronize_session": False})

    assert fault in {each.code for each in verify(sessions, played)}


def test_a_paddle_put_in_after_the_opening_is_found(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        played = a_round_to_play(session, {})
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        friend = an_organisation(session)
        row = PaddleRow(
            round_id=played.row.id,
            organisation_id=friend.id,
            number=199,
            asked_at=TEN,
            rules_accepted_at=TEN,
            issued_at=TEN,
            salt="5" * 64,
            credit_code=friend.credit_code,
            name_zh=friend.name_zh,
            name_en=friend.name_en,
        )
        session.add(row)
        session.flush()

    assert [(each.code, each.lot) for each in verify(sessions, played)] == [(Fault.BIDDER_DIFFERS, played.row.slug)]


def test_paddles_issued_and_voided_while_the_round_is_open_are_on_its_record(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        played = a_round_to_play(session, {}, {})
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        late = a_paddle(session, 150, *played.lots)
        by_id = a_user(session).id
        admission.void(session, paddle_id=late.id, market_key="zhejiang", reason="Why.", by_id=by_id, read_clock=lambda: OPENS)
        kinds = session.scalars(select(RoundRecordRow.kind).order_by(RoundRecordRow.seq)).all()

        assert kinds[-3:] == [RoundKind.ROUND_OPENED, RoundKind.PADDLE_ISSUED, RoundKind.PADDLE_VOIDED]
        assert verify_round(session, played.row.slug) == []

        session.execute(update(PaddleRow).where(PaddleRow.number == 150).values(voided_at=None, void_reason=""))
        session.expire_all()
        assert {each.code for each in verify_round(session, played.row.slug)} == {Fault.STATE_DIFFERS}


LATER = TEN + timedelta(days=2)
"""When the round had closed."""


def a_forged_rename(session: Session, played: Played, **more: Any) -> None:
    """Rename a bidder with a row that says that two decided so."""
    organisation = session.get_one(OrganisationRow, played.paddles[0].organisation_id)
    said: dict[str, Any] = {
        "organisation_id": organisation.id,
        "old_zh": organisation.name_zh,
        "old_en": organisation.name_en,
        "new_zh": "又一家公司",
        "new_en": "Yet another",
        "reason": "R",
        "asked_by_id": a_user(session).id,
        "asked_at": TEN,
        "expires_at": TEN + LASTS,
        "decision": Decision.APPROVED,
        "decided_by_id": a_user(session).id,
        "decided_at": LATER,
    }
    session.add(RenameRow(**said | more))
    session.flush()
    organisation.name_zh, organisation.name_en = "又一家公司", "Yet another"


def test_a_rename_that_only_its_own_row_knows_is_found(sessions: sessionmaker[Session], played: Played) -> None:
    with sessions.begin() as session:
        a_forged_rename(session, played, decided_at=OPENS)

    assert [(each.code, each.seq) for each in verify(sessions, played)] == [(Fault.BIDDER_DIFFERS, 1)]


@pytest.mark.parametrize(
    "changed",
    [
        {"asked_at": LATER, "expires_at": LATER + LASTS, "decided_at": TEN + timedelta(days=1)},
        {"expires_at": LATER},
        {"decided_at": TEN + LASTS},
    ],
)
def test_a_rename_that_two_did_not_decide_in_time_is_found(
    sessions: sessionmaker[Session], played: Played, changed: dict[str, Any]
) -> None:
    with sessions.begin() as session:
        a_forged_rename(session, played, **changed)

    assert [each.code for each in verify(sessions, played)] == [Fault.NOT_APPROVED]


def test_the_second_digest_is_over_the_rounds_own_record() -> None:
    heads = {1: "a" * 64}

    digests = {round_digest("r", heads), round_digest("r", heads, "b" * 64), round_digest("r", heads, "c" * 64)}

    assert len(digests) == 3


def test_a_closed_round_is_not_made_one_of_version_1(sessions: sessionmaker[Session], played: Played) -> None:
    with sessions.begin() as session:
        row = session.get_one(RoundRow, played.row.id)
        heads = {lot.number or 0: lot.head_hash or "" for lot in session.scalars(select(LotRow))}
        row.digest, row.digest_version = round_digest(row.slug, heads), 1

    found = verify(sessions, played)

    assert [each.code for each in found] == [Fault.DIGEST_DIFFERS] * 2
