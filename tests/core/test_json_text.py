"""JSON in which a name stands twice is refused, wherever the two stand."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techauction.core.json_text import KeyTwice, read
from techauction.saleroom.answers import unpacked

TWICE = [
    '{"a": 1, "a": 1}',
    '{"a": 1, "b": {"c": 1, "c": 2}}',
    '[{"a": 1}, {"a": 1, "\\u0061": 2}]',
    '{"lots": [{"start_fen": 1, "start_fen": 100}]}',
]
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("text", TWICE)
def test_a_name_that_stands_twice_is_refused(text: str) -> None:
    with pytest.raises(KeyTwice):
        read(text)
    with pytest.raises(KeyTwice):
        unpacked(text.encode())


@pytest.mark.parametrize("text", ["", "{", "NaN", '{"a": Infinity}', "[" * 100_000])
def test_what_is_no_json_is_none(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (each reader has its own words)
        read(text)
    with pytest.raises(ValueError):  # noqa: PT011
        unpacked(text.encode())


@given(PLAIN)
def test_every_other_json_is_read_as_it_is(value: object) -> None:
    text = json.dumps(value)

    assert read(text) == value
    assert unpacked(text.encode()) == value


@given(st.dictionaries(st.text(max_size=4), st.integers(0, 9) | st.text(max_size=4), min_size=1, max_size=5), st.data())
def test_no_name_is_hidden_from_the_reader_of_offers(members: dict[str, int | str], data: st.DataObject) -> None:
    twice = data.draw(st.sampled_from(sorted(members)))
    pairs = data.draw(st.permutations([*members.items(), (twice, 0)]))

    with pytest.raises(KeyTwice):
        unpacked(("{" + ", ".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in pairs) + "}").encode())
