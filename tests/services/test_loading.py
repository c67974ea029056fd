import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from techauction.core import round as rounds
from techauction.core.admission import DepositKind, DepositState
from techauction.core.custody import Slip
from techauction.core.lot import Format, Stage
from techauction.core.money import Money
from techauction.core.reading import Faults
from techauction.core.round import Phase
from techauction.core.roundfile import Known, RoundFileWrong, read
from techauction.custody import KeyRing
from techauction.services import rehearsing
from techauction.services.loading import load_round
from techauction.store.auction import AdmissionRow, PaddleRow
from techauction.store.audit import AuditRow
from techauction.store.base import Row
from techauction.store.consigning import LotRow, ReserveRow, RoundRow
from techauction.store.money import DepositRow, PostingRow, ReceiptRow
from techauction.store.people import OrganisationKind, OrganisationRow, Standing
from tests.builders import OPENS, a_user, an_organisation
from tests.conftest import TEN
from tests.plans import FIELDS, MARKETS, a_bidder, a_code, a_plan, a_planned_lot, an_institute

NO_CODE = "must be 18 digits and capital letters without I, O, S, V and Z"
EXAMPLE = "2026-11-02T10:00:00+08:00"
CONSIGNOR = an_institute()["credit_code"]
SECOND = a_bidder(2)["credit_code"]
KNOWN = Known(markets=MARKETS, fields=FIELDS, kinds=("university",))


def problems_of(session: Session, plan: dict[str, Any]) -> tuple[str, ...]:
    """Return why the plan is refused; nothing may have been kept."""
    with pytest.raises(RoundFileWrong) as refused:
        load_round(session, plan, now=TEN)
    assert session.scalar(select(func.count()).select_from(RoundRow)) == 0
    assert not session.new
    return refused.value.problems


def count(session: Session, row: type[Row]) -> int:
    return session.scalar(select(func.count()).select_from(row)) or 0


def test_a_loaded_round_is_published_with_its_lots_listed(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        load_round(session, a_plan(), now=TEN)

    with sessions() as session:
        row = session.scalars(select(RoundRow)).one()
        assert (row.phase, row.published_at, row.opens_at) == (Phase.PUBLISHED, TEN, OPENS)
        assert [(lot.number, lot.stage, lot.start) for lot in row.lots] == [
            (1, Stage.LISTED, Money(200_000_000)),
            (2, Stage.LISTED, Money(200_000_000)),
        ]
        assert [each.market_key for each in row.markets] == ["zhejiang"]


def test_what_the_file_leaves_out_has_the_rules_defaults(sessions: sessionmaker[Session]) -> None:
    plan = a_plan()
    del plan["round"]["closes_at"]

    with sessions() as session:
        row = load_round(session, plan, now=TEN)

        assert row.registration_closes_at == row.opens_at
        assert row.reserve_deadline_at == row.opens_at - timedelta(minutes=30)
        assert row.closes_at == row.opens_at + timedelta(hours=4)
        assert (row.extension_trigger_s, row.extension_length_s, row.extension_cap_s) == (300, 300, None)
        assert (row.max_steps, row.collar, row.min_admitted, row.min_bidding, row.gap_s) == (10, 3, 2, 1, 10)
        assert (row.deposit_kind, row.deposit_share_bps) == (DepositKind.SHARE, 1_000)


def test_paddles_are_issued_with_their_deposits_held(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        load_round(session, a_plan(lots=3, enterprises=2), now=TEN)

        assert session.scalars(select(PaddleRow.number).where(PaddleRow.issued_at == TEN).order_by(PaddleRow.number)).all() == [
            201,
            202,
        ]
        assert count(session, AdmissionRow) == count(session, DepositRow) == 6
        assert {(row.required, row.held, row.state) for row in session.scalars(select(DepositRow))} == {
            (Money(20_000_000), Money(20_000_000), DepositState.HELD)
        }
        assert session.scalars(select(ReceiptRow.amount)).all() == [Money(60_000_000)] * 2
        assert session.scalars(select(PostingRow.amount)).all() == [Money(60_000_000)] * 2


def test_a_fixed_deposit_is_held_once_for_the_round(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        load_round(session, a_plan(deposit_kind="fixed", deposit_fixed_fen=5_000_000), now=TEN)

        assert [(row.lot_id, row.held) for row in session.scalars(select(DepositRow))] == [(None, Money(5_000_000))] * 2


def test_a_bidder_is_admitted_to_the_lots_it_names(sessions: sessionmaker[Session]) -> None:
    plan = a_plan(lots=3, enterprises=0)
    plan["enterprises"] = [a_bidder(1, lots=[3, 1])]

    with sessions() as session:
        load_round(session, plan, now=TEN)

        numbers = select(LotRow.number).join(AdmissionRow, AdmissionRow.lot_id == LotRow.id)
        assert set(session.scalars(numbers)) == {1, 3}


def test_a_lot_is_sold_as_the_file_says_and_by_rising_bids_where_it_says_nothing(sessions: sessionmaker[Session]) -> None:
    plan = a_plan(lots=2)
    plan["lots"][1]["format"] = "sealed"

    with sessions() as session:
        load_round(session, plan, now=TEN)

        assert session.scalars(select(LotRow.format).order_by(LotRow.number)).all() == [Format.ASCENDING, Format.SEALED]


def test_a_reserve_is_sealed_with_a_salt_of_its_own(sessions: sessionmaker[Session], custody: KeyRing) -> None:
    plan = a_plan()
    for lot in plan["lots"]:
        lot["reserve_fen"] = 250_000_000

    with sessions() as session:
        slips: dict[int, Slip] = {}
        row = load_round(session, plan, now=TEN, custody=custody, hand_out=slips.__setitem__)

        sealed = session.scalars(select(ReserveRow).order_by(ReserveRow.lot_id)).all()
        assert {(each.amount, each.salt) for each in sealed} == {(None, None)}
        assert {slip.reserve for slip in slips.values()} == {Money(250_000_000)}
        assert {len(bytes.fromhex(slip.salt)) for slip in slips.values()} == {32}
        assert len({slip.salt for slip in slips.values()}) == 2
        assert [each.commitment for each in sealed] == [slips[number].commitment for number in sorted(slips)]
        assert all(lot.reserve_announced for lot in row.lots)


def test_a_draft_is_kept_as_a_draft(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        row = load_round(session, a_plan(rehearsal=False), now=TEN, publish=False)

        assert (row.phase, row.published_at) == (Phase.DRAFT, None)


def test_an_organisation_that_is_here_is_reused(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        here = an_organisation(session, credit_code=an_institute()["credit_code"], name_en="As it was")

        load_round(session, a_plan(enterprises=0), now=TEN)

        assert count(session, OrganisationRow) == 1
        assert here.name_en == "As it was"


def test_an_organisation_may_consign_and_bid_but_all_is_never_its_own_lot(sessions: sessionmaker[Session]) -> None:
    plan = a_plan(lots=2, enterprises=0)
    plan["institutes"].append(an_institute(key="other", credit_code=a_code("91330000000000000"), kind="enterprise"))
    plan["lots"].append(a_planned_lot(3, institute="other"))
    plan["enterprises"] = [a_bidder(1, credit_code=a_code("91330000000000000"))]

    with sessions() as session:
        load_round(session, plan, now=TEN)

        assert count(session, OrganisationRow) == 2
        numbers = select(LotRow.number).join(AdmissionRow, AdmissionRow.lot_id == LotRow.id)
        assert set(session.scalars(numbers)) == {1, 2}


@pytest.mark.parametrize(
    ("where", "said", "problem"),
    [
        ("round", {"slug": "Joint 2020"}, "round.slug: must be small letters, digits and single hyphens"),
        ("round", {"title_zh": None}, "round.title_zh: is missing"),
        ("round", {"rehearsal": 1}, "round.rehearsal: must be true or false"),
        ("round", {"opens_at": "2026-11-02T11:00:00"}, f"round.opens_at: must name its offset from UTC, as in {EXAMPLE}"),
        ("round", {"opens_at": "soon"}, f"round.opens_at: must be an instant in ISO 8601, as in {EXAMPLE}"),
        ("round", {"opens_at": 20261102}, "round.opens_at: must be an instant in ISO 8601"),
        ("round", {"opens_at": "0001-01-01T00:00:00Z"}, "round.opens_at: must be of the years 1970 to 2999"),
        ("round", {"opens_at": "9999-12-31T23:59:59Z"}, "round.opens_at: must be of the years 1970 to 2999"),
        ("round", {"opens_at": "2026-11-02T09:00:00+08:00"}, "round.opens_at: must not be past"),
        ("round", {"rehearsal": False}, "round.opens_at: must leave the notice of 7 days, but for a rehearsal"),
        ("round", {"closes_at": "2026-11-02T10:30:00+08:00"}, "round.closes_at: must be after opens_at"),
        ("round", {"markets": ["anhui"]}, "round.markets: must name the host market"),
        ("round", {"markets": ["zhejiang", "mars"]}, "round.markets[1]: must be one of anhui, jiangsu, shanghai, zhejiang"),
        ("round", {"max_steps": True}, "round.max_steps: must be a whole number"),
        ("round", {"extension_length_s": 3_601}, "round.extension_length_s: must be from 1 to 3600"),
        ("round", {"deposit_kind": "fixed"}, "round.deposit_fixed_fen: is missing"),
        ("round", {"regime": "bazaar"}, "round.regime: must be one of auction, exchange"),
        ("round", {"reserve": 1}, "round.reserve: is not known here"),
        ("lots", {"start_fen": 1.0}, "lots[0].start_fen: must be a whole number of fen"),
        ("lots", {"start_fen": True}, "lots[0].start_fen: must be a whole number of fen"),
        ("lots", {"start_fen": "200万"}, "lots[0].start_fen: must be a whole number of fen"),
        ("lots", {"start_fen": 0}, "lots[0].start_fen: must be from 1 to 1000000000000000"),
        ("lots", {"start_fen": None}, "lots[0].start_fen: is missing"),
        ("lots", {"reserve_fen": 199_999_999}, "lots[0].reserve_fen: must not be under the start price"),
        ("lots", {"institute": "mit"}, "lots[0].institute: is none of the file's institutes"),
        ("lots", {"field": "alchemy"}, f"lots[0].field: must be one of {', '.join(sorted(FIELDS))}"),
        ("lots", {"market": "anhui"}, "lots[0].market: takes no part in the round"),
        ("lots", {"number": 2}, "lots[1].number: 2 is given twice"),
        ("lots", {"maturity": 10}, "lots[0].maturity: must be from 1 to 9"),
        ("lots", {"ladder": [[0, 1], [0, 2]]}, "lots[0].ladder[1]: must start at 0 and rise"),
        ("lots", {"ladder": [[0, 1.5]]}, "lots[0].ladder[0]: must be [from_fen, increment_fen], whole numbers of fen"),
        ("lots", {"ladder": [[0, 1]] * 101}, "lots[0].ladder: must have at most 100 entries, not 101"),
        ("round", {"markets": ["zhejiang"] * 101}, "round.markets: must have at most 100 entries, not 101"),
        ("lots", {"title_zh": "一\x00二"}, "lots[0].title_zh: must have no control characters"),
        ("lots", {"price": 1}, "lots[0].price: is not known here"),
        ("lots", {"format": "dutch"}, "lots[0].format: must be one of ascending, sealed"),
        ("enterprises", {"paddle": 202}, "enterprises[1].paddle: 202 is given twice"),
        ("enterprises", {"credit_code": "9133"}, f"enterprises[0].credit_code: {NO_CODE}"),
        ("enterprises", {"credit_code": SECOND}, f"enterprises[1].credit_code: {SECOND} is given twice"),
        ("enterprises", {"lots": [9]}, "enterprises[0].lots[0]: must be the number of a lot of this file"),
        ("enterprises", {"lots": []}, "enterprises[0].lots: must name a lot"),
        ("enterprises", {"lots": "some"}, 'enterprises[0].lots: must be "all" or a list of lot numbers'),
        ("enterprises", {"credit_code": CONSIGNOR, "lots": [1]}, "enterprises[0].lots[0]: lot 1 is the enterprise's own"),
        ("institutes", {"kind": "club"}, f"institutes[0].kind: must be one of {', '.join(sorted(OrganisationKind))}"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_path(sessions: sessionmaker[Session], where: str, said: dict[str, Any], problem: str) -> None:
    plan = a_plan()
    (plan["round"] if where == "round" else plan[where][0]).update(said)

    with sessions() as session:
        assert problems_of(session, plan) == (problem,)


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"enterprises": [1] * 700_000}, "enterprises: must have at most 20000 entries, not 700000"),
        ({"institutes": [1] * 20_001}, "institutes: must have at most 20000 entries, not 20001"),
        ({"lots": [1] * 10_001}, "lots: must have at most 10000 entries, not 10001"),
    ],
)
def test_of_a_list_that_is_too_long_nothing_is_read(wrong: dict[str, Any], problem: str) -> None:
    faults = Faults()

    read({**a_plan(), **wrong}, KNOWN, faults, TEN)

    assert f"{faults.noted[0][0]}: {faults.noted[0][1]}" == problem
    assert len(faults.noted) + faults.more <= 5


def test_institutes_count_as_organisations() -> None:
    plan = a_plan(lots=1, enterprises=5_000)
    plan["institutes"] += [an_institute(key=f"i{at}", credit_code=a_code(f"1233{at:013d}")) for at in range(1, 15_000)]
    faults = Faults()
    read(plan, KNOWN, faults, TEN)
    assert not faults.noted

    plan["enterprises"].append(a_bidder(5_001))
    read(plan, KNOWN, faults, TEN)

    assert faults.noted == [("enterprises", "must have at most 20000 entries, the institutes counted")]


@pytest.mark.parametrize("said", ["all", list(range(1, 1_001))])
def test_few_words_cannot_come_to_endless_admissions(said: object) -> None:
    plan = a_plan(lots=1_000, enterprises=1_000)
    for each in plan["enterprises"]:
        each["lots"] = said
    faults = Faults()
    whole = read(plan, KNOWN, faults, TEN)
    assert sum(len(each.lots) for each in whole.bidders) == 1_000_000
    assert not faults.noted

    plan["enterprises"].append(a_bidder(1_001, lots=[1]))
    cut = read(plan, KNOWN, faults, TEN)

    assert faults.noted == [("enterprises", "must not come to more than 1000000 admissions to lots")]
    assert cut.bidders[-1].lots == ()


def test_who_consigns_everything_is_read_as_fast_as_others() -> None:
    plan = a_plan(lots=2_000, enterprises=0)
    plan["enterprises"] = [a_bidder(number, credit_code=CONSIGNOR) for number in range(1, 2_001)]
    faults = Faults()

    file = read(plan, KNOWN, faults, TEN)

    assert {each.lots for each in file.bidders} == {()}
    assert len(faults.noted) + faults.more == 1_999


def test_the_first_hundred_faults_are_told_and_the_others_counted(sessions: sessionmaker[Session]) -> None:
    plan = a_plan()
    plan["enterprises"] = [a_bidder(number, market="mars") for number in range(1, 251)]

    with sessions() as session, pytest.raises(RoundFileWrong) as refused:
        load_round(session, plan, now=TEN)

    assert (len(refused.value.faults), refused.value.more, refused.value.count) == (100, 150, 250)
    assert str(refused.value).endswith("; and 150 more more=150")


def test_every_fault_is_told_at_once(sessions: sessionmaker[Session]) -> None:
    plan = a_plan(slug="?", collar="three")
    plan["lots"][1]["start_fen"] = 2.5
    plan["enterprises"][0]["market"] = "mars"

    with sessions() as session:
        paths = [problem.split(":")[0] for problem in problems_of(session, plan)]

    assert paths == ["round.slug", "round.collar", "lots[1].start_fen", "enterprises[0].market"]


@pytest.mark.parametrize("plan", [{}, {"round": []}, {"round": {}, "lots": {}, "institutes": 3, "enterprises": "all"}])
def test_a_file_of_another_shape_is_refused(sessions: sessionmaker[Session], plan: dict[str, Any]) -> None:
    with sessions() as session:
        assert problems_of(session, plan)


def test_a_slug_is_taken_once(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        load_round(session, a_plan(), now=TEN)

    with sessions() as session, pytest.raises(RoundFileWrong) as refused:
        load_round(session, a_plan(), now=TEN)

    assert refused.value.problems == ("round.slug: rehearsal is taken",)


def test_an_institute_that_was_not_approved_cannot_be_loaded_past_its_market(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        an_organisation(session, credit_code=a_plan()["institutes"][0]["credit_code"], standing=Standing.REGISTERED)

        assert problems_of(session, a_plan()) == (
            "institutes[0].credit_code: belongs to an organisation whose registration is not approved",
        )


def test_an_enterprise_that_was_not_approved_cannot_be_loaded_past_its_market(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        an_organisation(session, credit_code=a_bidder(1)["credit_code"], standing=Standing.REFUSED)

        assert problems_of(session, a_plan()) == (
            "enterprises[0].credit_code: belongs to an organisation whose registration is not approved",
        )


def test_paddles_cannot_be_loaded_after_registration_has_closed(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        assert problems_of(session, a_plan(registration_closes_at=TEN.isoformat())) == (
            "round.registration_closes_at: must not be past",
        )


def test_a_round_as_large_as_that_of_2020_loads_whole(sessions: sessionmaker[Session]) -> None:
    plan = a_plan(lots=60, enterprises=109)

    with sessions.begin() as session:
        load_round(session, plan, now=TEN)

    with sessions() as session:
        assert count(session, AdmissionRow) == count(session, DepositRow) == 6_540


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=6,
)
NAMES = {
    name: sorted({*part, *more.split()})
    for name, part, more in (
        ("round", a_plan()["round"], "markets stagger_s extension_kind deposit_fixed_fen extension_cap_s"),
        ("lots", a_planned_lot(1), "number ladder reserve_fen market summary_zh owners format"),
        ("enterprises", a_bidder(1), "agent"),
        ("institutes", an_institute(), ""),
    )
}  # fmt: skip


@given(st.data())
def test_no_file_whatever_breaks_the_reading(data: st.DataObject) -> None:
    plan = a_plan()
    where = data.draw(st.sampled_from(sorted(NAMES)))
    name = data.draw(st.sampled_from(NAMES[where]))
    (plan["round"] if where == "round" else plan[where][0])[name] = data.draw(JSON)
    faults = Faults()

    file = read(json.loads(json.dumps(plan)), KNOWN, faults, TEN)

    assert all(path.startswith(("round", "lots", "enterprises", "institutes")) for path, _what in faults.noted)
    if not faults.noted:
        assert isinstance(file.round.opens_at.tzinfo, type(TEN.tzinfo))
        assert file.round.regime in rounds.Regime


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"buyer_bps": 501}, "round.buyer_bps: over 500 only with commission_agreed (拍卖法 art. 56)"),
        (
            {"buyer_bps": 501, "commission_agreed": True},
            "round.commission_note: must say what was agreed, where commission is over 500",
        ),
        ({"deposit_share_bps": 400}, "round.deposit_reason: must say why deposit_share_bps is outside 500 to 2000"),
    ],
)
def test_unusual_terms_need_their_words_in_a_draft_too(
    sessions: sessionmaker[Session], said: dict[str, Any], problem: str
) -> None:
    for publish in (True, False):
        with sessions() as session, pytest.raises(RoundFileWrong) as refused:
            load_round(session, a_plan(**said), now=TEN, publish=publish)
        assert problem in refused.value.problems


def test_agreed_terms_are_kept_and_a_copy_has_them(sessions: sessionmaker[Session]) -> None:
    said = {"seller_bps": 800, "commission_agreed": True, "commission_note": "合同第五条", "deposit_share_bps": 3_000}
    with sessions() as session:
        row = load_round(session, a_plan(**said, deposit_reason="标的特殊"), now=TEN)
        session.commit()
        assert (row.commission_note, row.deposit_reason) == ("合同第五条", "标的特殊")
        assert row.planned().commission_agreed
        by_id = a_user(session).id
        rehearsing.rehearse(session, round_id=row.id, market_key="zhejiang", speed=60, by_id=by_id, read_clock=lambda: TEN)
        copy = session.scalars(select(RoundRow).where(RoundRow.copy_of_id == row.id)).one()
        assert (copy.commission_note, copy.deposit_reason) == ("合同第五条", "标的特殊")


def test_a_code_that_does_not_check_is_its_own_markets_to_accept(sessions: sessionmaker[Session]) -> None:
    odd = {"credit_code": "913300004700090000", "code_accepted": True}
    plan = a_plan(enterprises=0)
    plan["institutes"][0] |= odd
    with sessions() as session:
        by = a_user(session)
        row = load_round(session, plan, now=TEN, by_id=by.id, host="zhejiang")
        assert session.scalars(select(OrganisationRow.code_accepted_at)).one() == TEN
        noted = session.scalars(select(AuditRow).where(AuditRow.what == "organisation.code_accepted")).one()
        assert (noted.by_id, noted.detail) == (by.id, "913300004700090000 does not check")
        assert row.slug == "rehearsal"
    plan["institutes"][0] |= {"market": "anhui"}
    with sessions() as session, pytest.raises(RoundFileWrong) as refused:
        load_round(session, plan, now=TEN, host="zhejiang")
    assert "institutes[0].code_accepted: is for anhui to say, the organisation's market" in refused.value.problems
