import pytest

from techauction.core import tries
from techauction.core.tries import TooManyTries, place_of


def passes(*, together: int = 1, of_name: int = 1, from_place: int = 1, known: bool = False) -> bool:
    try:
        tries.must_be_few(together=together, of_name=of_name, from_place=from_place, known=known)
    except TooManyTries:
        return False
    return True


@pytest.mark.parametrize("known", [True, False])
def test_ten_tries_of_a_name_from_a_place_are_looked_at(known: bool) -> None:
    assert passes(together=10, of_name=10, from_place=10, known=known)
    assert not passes(together=11, of_name=11, from_place=11, known=known)


def test_a_name_that_is_attacked_from_elsewhere_can_still_sign_in_anywhere() -> None:
    assert passes(of_name=100_000)
    assert passes(together=10, of_name=100_000, known=True)


def test_many_places_that_guess_one_name_have_two_tries_each() -> None:
    assert passes(together=2, of_name=101)
    assert not passes(together=3, of_name=101)


def test_a_place_from_which_others_failed_keeps_nobody_out_who_is_known_there() -> None:
    assert passes(from_place=200)
    assert passes(together=10, from_place=100_000, known=True)


def test_trying_one_password_on_all_names_ends() -> None:
    assert not passes(together=3, from_place=21)
    assert not passes(from_place=201)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:0:1:2:3:4:5", "2001:0db8:0000:0001"),
        ("2001:db8:0:1::9", "2001:0db8:0000:0001"),
        ("", ""),
        ("unknown", "unknown"),
    ],
)
def test_a_place_is_an_address_or_what_one_subscriber_has(address: str, place: str) -> None:
    assert place_of(address) == place
