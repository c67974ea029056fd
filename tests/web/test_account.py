from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.clock import ManualClock
from techauction.core.accounts import token_hash
from techauction.store.audit import AuditRow
from techauction.store.people import Role, UserRow, UserSessionRow
from tests.web.conftest import PASSWORD, Browser

Users = Callable[..., UserRow]
Store = Callable[[], Session]
FOREIGN = (
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "javascript:alert(1)",
)


def another(app: Flask) -> Browser:
    client = app.test_client()
    assert isinstance(client, Browser)
    return client


def test_a_user_signs_in_and_out(visitor: Browser, new_user: Users) -> None:
    new_user("ada", Role.AUDITOR)

    answer = visitor.sign_in("ada")
    inside = visitor.get("/account/sessions")
    visitor.send("/account/sign-out")
    outside = visitor.get("/account/sessions")

    assert answer.status_code == 303
    assert inside.status_code == 200
    assert outside.status_code == 303


def test_a_sign_in_name_is_read_in_any_case(visitor: Browser, new_user: Users) -> None:
    new_user("ada", Role.AUDITOR)

    assert visitor.sign_in("  Ada ").status_code == 303


def test_a_wrong_password_and_an_unknown_name_are_refused_alike(visitor: Browser, new_user: Users) -> None:
    new_user("ada", Role.AUDITOR)

    wrong, unknown = visitor.sign_in("ada", "not this one"), visitor.sign_in("bob")

    assert (wrong.status_code, unknown.status_code) == (422, 422)
    assert "The name or the password is not right." in wrong.text
    assert "The name or the password is not right." in unknown.text
    assert PASSWORD not in wrong.text


def test_signing_in_begins_a_new_session(visitor: Browser, new_user: Users, store: Store) -> None:
    new_user("ada", Role.AUDITOR)
    before = visitor.get_token()

    visitor.post("/account/sign-in", data={"csrf_token": before, "sign_in_name": "ada", "password": PASSWORD})

    with visitor.session_transaction() as kept:
        token = kept["_user_id"]
    with store() as session:
        row = session.scalars(select(UserSessionRow)).one()
    assert row.token_hash == token_hash(token)
    assert token not in row.token_hash
    assert visitor.post("/account/sign-out", data={"csrf_token": before}).status_code == 400


def test_a_revoked_sign_in_ends_at_once(app: Flask, visitor: Browser, new_user: Users, store: Store) -> None:
    new_user("ada", Role.AUDITOR)
    elsewhere = another(app)
    elsewhere.sign_in("ada")
    visitor.sign_in("ada")
    with store() as session:
        first = session.scalars(select(UserSessionRow.id).order_by(UserSessionRow.id)).first()

    answer = visitor.send(f"/account/sessions/{first}/revoke")

    assert answer.status_code == 303
    assert elsewhere.get("/account/sessions").status_code == 303
    assert visitor.get("/account/sessions").status_code == 200


def test_another_users_sign_in_cannot_be_revoked(app: Flask, visitor: Browser, new_user: Users, store: Store) -> None:
    new_user("ada", Role.AUDITOR)
    new_user("bob", Role.AUDITOR)
    theirs = another(app)
    theirs.sign_in("bob")
    visitor.sign_in("ada")
    with store() as session:
        foreign = session.scalars(select(UserSessionRow.id).order_by(UserSessionRow.id)).first()

    answer = visitor.send(f"/account/sessions/{foreign}/revoke")

    assert answer.status_code == 404
    assert theirs.get("/account/sessions").status_code == 200


def test_a_sign_in_expires(visitor: Browser, new_user: Users, clock: ManualClock) -> None:
    new_user("ada", Role.AUDITOR)
    visitor.sign_in("ada")

    clock.advance(timedelta(hours=12))

    assert visitor.get("/account/sessions").status_code == 303


def test_a_disabled_user_is_out_at_once(visitor: Browser, new_user: Users, store: Store, clock: ManualClock) -> None:
    user = new_user("ada", Role.AUDITOR)
    visitor.sign_in("ada")

    with store() as session, session.begin():
        session.get_one(UserRow, user.id).disabled_at = clock()

    assert visitor.get("/account/sessions").status_code == 303
    assert visitor.sign_in("ada").status_code == 422


def test_a_new_password_ends_the_other_sign_ins(app: Flask, visitor: Browser, new_user: Users) -> None:
    new_user("ada", Role.AUDITOR)
    elsewhere = another(app)
    elsewhere.sign_in("ada")
    visitor.sign_in("ada")

    form = {"present": PASSWORD, "new": "another long sentence", "again": "another long sentence"}
    answer = visitor.send("/account/password", form)

    assert answer.status_code == 303
    assert visitor.get("/account/sessions").status_code == 200
    assert elsewhere.get("/account/sessions").status_code == 303
    assert another(app).sign_in("ada").status_code == 422
    assert another(app).sign_in("ada", "another long sentence").status_code == 303


def test_a_password_is_changed_only_with_the_present_one(visitor: Browser, new_user: Users) -> None:
    new_user("ada", Role.AUDITOR)
    visitor.sign_in("ada")

    wrong = visitor.send("/account/password", {"present": "x", "new": "long enough now", "again": "long enough now"})
    short = visitor.send("/account/password", {"present": PASSWORD, "new": "short", "again": "short"})
    differ = visitor.send("/account/password", {"present": PASSWORD, "new": "long enough now", "again": "long enough too"})

    assert [each.status_code for each in (wrong, short, differ)] == [422, 422, 422]
    assert "This is not your present password." in wrong.text
    assert "A password has at least 12 characters." in short.text
    assert "The two are not the same." in differ.text


def test_the_way_on_after_the_sign_in_stays_in_the_house(app: Flask, new_user: Users) -> None:
    new_user("ada", Role.AUDITOR)

    def lands(wanted: str) -> str:
        client = another(app)
        form = {"sign_in_name": "ada", "password": PASSWORD, "next": wanted}
        return str(client.send("/account/sign-in", form).location)

    assert lands("/account/sessions?page=2") == "/account/sessions?page=2"
    home = lands("")
    for foreign in FOREIGN:
        assert lands(foreign) == home


def test_a_stranger_comes_back_to_the_page_asked_for(visitor: Browser, new_user: Users) -> None:
    new_user("ada", Role.AUDITOR)

    sent = visitor.get("/account/sessions?page=2")
    page = visitor.get(sent.location)

    assert 'value="/account/sessions?page=2"' in page.text


def test_signing_in_and_out_is_on_record(visitor: Browser, new_user: Users, store: Store) -> None:
    user = new_user("ada", Role.AUDITOR)

    visitor.sign_in("ada")
    visitor.send("/account/sign-out")

    with store() as session:
        acts = session.execute(select(AuditRow.what, AuditRow.by_id).order_by(AuditRow.id)).all()
    assert [tuple(act) for act in acts] == [("user.created", None), ("session.begun", user.id), ("session.ended", user.id)]
