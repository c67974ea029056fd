from collections.abc import Callable

from sqlalchemy.orm import Session

from techauction.store.people import Role, UserRow
from tests.web.conftest import Browser

Users = Callable[..., UserRow]
ENGLISH, CHINESE = '<html lang="en">', '<html lang="zh-Hans-CN">'
SIGN_IN = "/account/sign-in"


def test_chinese_is_the_language_where_nothing_is_said(visitor: Browser) -> None:
    assert CHINESE in visitor.get(SIGN_IN, headers={"Accept-Language": ""}).text


def test_the_browsers_language_is_spoken(visitor: Browser) -> None:
    assert ENGLISH in visitor.get(SIGN_IN, headers={"Accept-Language": "en-GB,en;q=0.9"}).text
    assert CHINESE in visitor.get(SIGN_IN, headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}).text
    assert CHINESE in visitor.get(SIGN_IN, headers={"Accept-Language": "fr"}).text


def test_a_language_in_the_address_is_remembered(visitor: Browser) -> None:
    asked = visitor.get(f"{SIGN_IN}?lang=zh")
    after = visitor.get(SIGN_IN)

    assert CHINESE in asked.text
    assert CHINESE in after.text


def test_a_language_that_is_not_spoken_changes_nothing(visitor: Browser) -> None:
    assert ENGLISH in visitor.get(f"{SIGN_IN}?lang=tlh").text
    assert visitor.send("/account/language", {"language": "tlh"}).status_code == 400


def test_a_users_language_goes_with_the_user(visitor: Browser, new_user: Users, store: Callable[[], Session]) -> None:
    user = new_user("ada", Role.AUDITOR)
    visitor.sign_in("ada")

    answer = visitor.send("/account/language", {"language": "zh", "next": "/account/sessions"})
    visitor.delete_cookie("language")

    assert answer.location == "/account/sessions"
    assert CHINESE in visitor.get("/account/sessions").text
    with store() as session:
        assert session.get_one(UserRow, user.id).locale == "zh_Hans_CN"
