from collections.abc import Callable

import pytest

from techauction.store.people import Role, UserRow
from techauction.web.addresses import LARGEST_ID, identifier
from tests.web.conftest import Browser

TOO_LARGE = (str(2**31), str(2**63), "9" * 30, "9" * 5_000)


@pytest.mark.parametrize("number", [str(LARGEST_ID), *TOO_LARGE, "١", "-1", "%00"])
@pytest.mark.parametrize("url", ["/rounds/joint/lots/{}", "/auditor/rounds/joint/lots/{}", "/administrator/users/{}/password"])
def test_an_id_that_no_database_has_room_for_is_a_page_that_is_not_there(
    url: str, number: str, visitor: Browser, new_user: Callable[..., UserRow]
) -> None:
    new_user("ada", Role.ADMINISTRATOR)
    visitor.sign_in("ada")

    assert visitor.get(url.format(number)).status_code == 404


@pytest.mark.parametrize("number", TOO_LARGE)
def test_a_form_may_name_such_an_id_too(number: str, visitor: Browser, new_user: Callable[..., UserRow]) -> None:
    new_user("ada", Role.ORGANIZER)
    visitor.sign_in("ada")

    assert visitor.send("/organizer/cases/1/manager", {"manager": number}).status_code == 404
    assert visitor.send("/amounts", {"text": "200", "lot": number}).status_code == 404


@pytest.mark.parametrize("url", ["/rounds/%00", "/rounds/a%00b/result", "/rounds/%00/lots/1"])
def test_a_name_with_a_nul_names_nothing(url: str, visitor: Browser) -> None:
    assert visitor.get(url).status_code == 404


@pytest.mark.parametrize("url", ["/rounds?page=%00", "/rounds/joint?field=%00", "/account/sign-in?%00=1"])
def test_an_argument_with_a_nul_cannot_be_read(url: str, visitor: Browser) -> None:
    assert visitor.get(url).status_code == 400


def test_a_sign_in_name_with_a_nul_is_the_name_without_it(visitor: Browser, new_user: Callable[..., UserRow]) -> None:
    new_user("ada", Role.AUDITOR)

    assert visitor.sign_in("a\x00da").status_code == 303


def test_only_plain_digits_name_an_id() -> None:
    assert identifier(str(LARGEST_ID)) == LARGEST_ID
    assert [identifier(text) for text in ("", "-1", "1.0", "１", " 1", str(LARGEST_ID + 1), "9" * 5_000)] == [None] * 7
