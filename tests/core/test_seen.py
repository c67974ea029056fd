"""What was shown is compared with what is there, value by value."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techauction.core.admission import DepositKind
from techauction.core.money import Money
from techauction.core.seen import ChangedMeanwhile, marks_of, must_be_as_seen, read, values_of, written
from tests.core.test_terms import planned

AT = datetime(2026, 11, 2, 2, tzinfo=UTC)
PLAIN = st.none() | st.text(max_size=5) | st.integers() | st.booleans() | st.builds(Money, st.integers(0, 10**15))
VALUES = st.dictionaries(st.text("abc_", min_size=1, max_size=3), PLAIN, max_size=5)


@given(VALUES)
def test_what_is_as_it_was_shown_may_be_changed(values: dict[str, object]) -> None:
    must_be_as_seen(values, read(written(marks_of(values))))


@given(VALUES.filter(bool), st.data())
def test_what_another_changed_is_named(values: dict[str, object], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(values)))

    with pytest.raises(ChangedMeanwhile) as refused:
        must_be_as_seen(values | {name: "another's"}, marks_of(values))

    assert refused.value.names == (name,)


@given(st.text(max_size=40))
def test_marks_that_cannot_be_read_agree_with_nothing(text: str) -> None:
    with pytest.raises(ChangedMeanwhile):
        must_be_as_seen({"a-value": 1}, read(text))


def test_an_instant_is_the_same_in_every_zone_and_a_list_in_every_order() -> None:
    assert marks_of({"at": AT}) == marks_of({"at": AT.astimezone(ZoneInfo("Asia/Shanghai"))})
    assert marks_of({"at": AT}) != marks_of({"at": AT + timedelta(seconds=1)})
    assert marks_of({"markets": ("a", "b")}) == marks_of({"markets": ("b", "a")})


def test_values_within_values_have_both_names() -> None:
    values = values_of(planned())

    assert (values["deposit_kind"], values["deposit_share_bps"]) == (DepositKind.SHARE, 1_000)
    assert "deposit" not in values
