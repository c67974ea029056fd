from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techauction.core import handoff
from techauction.core.consigning import Instrument
from techauction.core.handoff import CaseKind, Step

HAMMER = date(2026, 11, 2)


@pytest.mark.parametrize("instrument", Instrument)
def test_every_instrument_has_one_step_by_which_the_result_is_transferred(instrument: Instrument) -> None:
    steps = {each.step for each in handoff.planned(CaseKind.SOLD, instrument)}

    assert len(steps & handoff.TRANSFERRED_BY) == 1


@given(st.sampled_from(list(Instrument)), st.sampled_from(list(CaseKind)))
def test_the_steps_can_be_done_in_their_usual_order(instrument: Instrument, kind: CaseKind) -> None:
    steps = handoff.planned(kind, instrument)
    done: dict[Step, date] = {}

    for each in steps:
        handoff.must_be_next(steps, done, each.step, done_on=HAMMER)
        done[each.step] = HAMMER


def test_a_step_was_not_done_before_the_one_that_it_needs() -> None:
    steps = handoff.planned(CaseKind.SOLD, Instrument.TRANSFER)
    signed = {Step.CONTRACT_SIGNED: HAMMER}

    with pytest.raises(handoff.StepTooEarly):
        handoff.must_be_next(steps, signed, Step.CONTRACT_REGISTERED, done_on=HAMMER - timedelta(days=1))

    handoff.must_be_next(steps, signed, Step.CONTRACT_REGISTERED, done_on=HAMMER)


def test_a_deadline_waits_for_the_step_that_starts_it() -> None:
    steps = handoff.planned(CaseKind.SOLD, Instrument.TRANSFER)

    late = handoff.overdue(steps, {}, {}, hammer_on=HAMMER, today=date(2027, 11, 2))

    assert late == {Step.SALE_CONFIRMED}


def test_a_step_is_overdue_on_the_day_after_its_last() -> None:
    steps = handoff.planned(CaseKind.SOLD, Instrument.TRANSFER)

    assert handoff.overdue(steps, {}, {}, hammer_on=HAMMER, today=date(2026, 11, 4)) == frozenset()
    assert handoff.overdue(steps, {}, {}, hammer_on=HAMMER, today=date(2026, 11, 5)) == {Step.SALE_CONFIRMED}


def test_a_licence_is_to_be_filed_within_three_months() -> None:
    steps = handoff.planned(CaseKind.SOLD, Instrument.ORDINARY_LICENCE)
    done = dict.fromkeys((Step.SALE_CONFIRMED, Step.CONTRACT_DRAFTED, Step.CONTRACT_SIGNED, Step.PRICE_PAID), HAMMER)

    assert handoff.overdue(steps, done, {}, hammer_on=HAMMER, today=date(2027, 2, 2)) == frozenset()
    assert handoff.overdue(steps, done, {}, hammer_on=HAMMER, today=date(2027, 2, 3)) == {Step.LICENCE_FILED}


def test_what_is_done_is_never_overdue() -> None:
    steps = handoff.planned(CaseKind.SOLD, Instrument.TRANSFER)
    done = {each.step: HAMMER for each in steps}

    assert handoff.overdue(steps, done, {}, hammer_on=HAMMER, today=date(2036, 1, 1)) == frozenset()


def test_a_festival_moves_the_last_days_of_a_sale() -> None:
    steps = handoff.planned(CaseKind.SOLD, Instrument.TRANSFER)
    off = dict.fromkeys((date(2026, 11, day) for day in (4, 5, 6)), False)

    days = handoff.latest_days(steps, off, hammer_on=HAMMER)

    assert days[Step.SALE_CONFIRMED] == date(2026, 11, 9)
    assert days[Step.CONTRACT_SIGNED] == date(2026, 11, 16)
    assert handoff.overdue(steps, {}, off, hammer_on=HAMMER, today=date(2026, 11, 9)) == frozenset()
    assert handoff.overdue(steps, {}, off, hammer_on=HAMMER, today=date(2026, 11, 10)) == {Step.SALE_CONFIRMED}
