from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from techauction.core.accounts import (
    CreditCodeTaken,
    MarketNeeded,
    OrganisationNeeded,
    OwnAccount,
    SignInNameTaken,
    SignInNameUnfit,
    SignInRefused,
    token_hash,
)
from techauction.core.credit_code import CreditCodeWrong, check_sign
from techauction.core.refusal import Refusal
from techauction.db import writing
from techauction.services import accounts
from techauction.services.accounts import NewOrganisation, NewUser
from techauction.store.audit import AuditRow
from techauction.store.people import ManagerFieldRow, OrganisationKind, Role, Standing, UserRow, UserSessionRow
from tests.conftest import TEN

Sessions = sessionmaker[Session]
BODY = "12330000470003281"
CODE = BODY + check_sign(BODY)


def a_new_user(session: Session, sign_in_name: str = "ada", role: Role = Role.AUDITOR, **more: Any) -> UserRow:
    values: dict[str, Any] = {"name": "Ada", "password_hash": "hash", "now": TEN}
    return accounts.create_user(session, sign_in_name=sign_in_name, role=role, **values | more)


def an_entry(**more: Any) -> dict[str, Any]:
    organisation: dict[str, Any] = {
        "kind": OrganisationKind.UNIVERSITY,
        "name_zh": "浙江工业大学",
        "name_en": "Zhejiang University of Technology",
        "credit_code": CODE,
        "province": "浙江",
        "market_key": "zhejiang",
        "telephone": "",
    }
    user = NewUser(sign_in_name="sealer", name="Li", role=Role.INSTITUTE, password_hash="hash", sealing_officer=True)
    return {"organisation": NewOrganisation(**organisation | more), "user": user, "by_id": None, "now": TEN}


def test_a_user_is_kept_under_a_name_in_small_letters(sessions: Sessions) -> None:
    with sessions.begin() as session:
        user = a_new_user(session, " Ada.Lovelace ")

    assert user.sign_in_name == "ada.lovelace"


@pytest.mark.parametrize("name", ["", "ab", "a b c", "-ada", "ada-", "a" * 121, "名字在此", "ada\n"])
def test_a_name_that_nobody_could_type_is_refused(name: str, sessions: Sessions) -> None:
    with sessions() as session:
        if name == "ada\n":
            assert a_new_user(session, name).sign_in_name == "ada"
            return
        with pytest.raises(SignInNameUnfit):
            a_new_user(session, name)


def test_a_name_is_taken_once(sessions: Sessions) -> None:
    with sessions.begin() as session:
        a_new_user(session, "ada")

        with pytest.raises(SignInNameTaken):
            a_new_user(session, "ADA")


def test_a_role_has_what_it_belongs_to_and_nothing_else(sessions: Sessions) -> None:
    with sessions.begin() as session:
        with pytest.raises(OrganisationNeeded):
            a_new_user(session, "one", Role.ENTERPRISE)
        with pytest.raises(MarketNeeded):
            a_new_user(session, "two", Role.ORGANIZER)

        manager = a_new_user(
            session, "max", Role.MANAGER, market_key="anhui", field_keys=["life", "energy", "life"], sealing_officer=True
        )
        auditor = a_new_user(session, "ada", Role.AUDITOR, market_key="anhui", organisation_id=7)
        fields = session.scalars(select(ManagerFieldRow.field_key).order_by(ManagerFieldRow.field_key)).all()

    assert (manager.market_key, manager.sealing_officer, fields) == ("anhui", False, ["energy", "life"])
    assert (auditor.market_key, auditor.organisation_id) == (None, None)


def test_an_organisation_comes_in_with_its_first_user(sessions: Sessions) -> None:
    with sessions.begin() as session:
        organisation = accounts.bring_in(session, **an_entry(credit_code=f" {CODE.lower()} "))
        user = session.scalars(select(UserRow)).one()
        acts = session.scalars(select(AuditRow.what).order_by(AuditRow.id)).all()

    assert (organisation.credit_code, organisation.standing) == (CODE, Standing.APPROVED)
    assert (user.organisation_id, user.role, user.sealing_officer) == (organisation.id, Role.INSTITUTE, True)
    assert acts == ["organisation.created", "user.created"]


def test_a_credit_code_is_checked_and_taken_once(sessions: Sessions) -> None:
    with sessions.begin() as session:
        accounts.bring_in(session, **an_entry())

        with pytest.raises(CreditCodeTaken):
            accounts.bring_in(session, **an_entry())
        with pytest.raises(CreditCodeWrong):
            accounts.bring_in(session, **an_entry(credit_code=CODE[:-1] + ("0" if CODE[-1] != "0" else "1")))


def test_only_the_hash_of_a_token_is_kept(sessions: Sessions) -> None:
    with sessions.begin() as session:
        user = a_new_user(session)
        token = accounts.sign_in(session, user_id=user.id, address="192.0.2.1", agent="a" * 999, now=TEN, hours=12)
        row = session.scalars(select(UserSessionRow)).one()

    assert row.token_hash == token_hash(token)
    assert row.expires_at == TEN + timedelta(hours=12)
    assert len(row.agent) == 300


def test_disabling_a_user_ends_every_sign_in(sessions: Sessions) -> None:
    with sessions.begin() as session:
        root, user = a_new_user(session, "root", Role.ADMINISTRATOR), a_new_user(session)
        accounts.sign_in(session, user_id=user.id, address="", agent="", now=TEN, hours=12)

        accounts.disable_user(session, user_id=user.id, by_id=root.id, now=TEN)

        assert session.scalars(select(UserSessionRow.revoked_at)).one() == TEN
        with pytest.raises(SignInRefused):
            accounts.sign_in(session, user_id=user.id, address="", agent="", now=TEN, hours=12)


def test_a_user_who_is_enabled_again_must_sign_in_anew(sessions: Sessions) -> None:
    with sessions.begin() as session:
        root, user = a_new_user(session, "root", Role.ADMINISTRATOR), a_new_user(session)
        accounts.sign_in(session, user_id=user.id, address="", agent="", now=TEN, hours=12)
        accounts.disable_user(session, user_id=user.id, by_id=root.id, now=TEN)

        accounts.enable_user(session, user_id=user.id, by_id=root.id, now=TEN)

        assert session.scalars(select(UserSessionRow.revoked_at)).one() == TEN
        assert accounts.sign_in(session, user_id=user.id, address="", agent="", now=TEN, hours=12)


def test_nobody_disables_the_account_in_use(sessions: Sessions) -> None:
    with sessions.begin() as session:
        root = a_new_user(session, "root", Role.ADMINISTRATOR)

        with pytest.raises(OwnAccount):
            accounts.disable_user(session, user_id=root.id, by_id=root.id, now=TEN)


def test_what_is_done_to_a_user_who_is_not_there_does_nothing(sessions: Sessions) -> None:
    with sessions.begin() as session:
        assert accounts.disable_user(session, user_id=99, by_id=1, now=TEN) is None
        assert accounts.enable_user(session, user_id=99, by_id=1, now=TEN) is None
        assert accounts.reset_password(session, user_id=99, password_hash="hash", by_id=None, now=TEN) is None
        assert not accounts.sign_out(session, session_id=99, user_id=1, now=TEN)
        assert session.scalars(select(AuditRow)).all() == []


def test_a_changed_password_keeps_the_sign_in_that_changed_it(sessions: Sessions) -> None:
    with sessions.begin() as session:
        user = a_new_user(session)
        for _ in range(3):
            accounts.sign_in(session, user_id=user.id, address="", agent="", now=TEN, hours=12)
        kept = session.scalars(select(UserSessionRow.id)).first()

        accounts.change_password(session, user_id=user.id, password_hash="new", keep_session_id=kept, now=TEN)

        live = session.scalars(select(UserSessionRow.id).where(UserSessionRow.revoked_at.is_(None))).all()
    assert live == [kept]
    assert user.password_hash == "new"


@pytest.mark.parametrize(
    ("use_case", "code"),
    [
        (a_new_user, "sign_in_name_taken"),
        (lambda session: accounts.bring_in(session, **an_entry()), "credit_code_taken"),
    ],
)
def test_of_two_that_are_taken_in_at_once_one_hears_why(
    use_case: Callable[[Session], object], code: str, sessions: Sessions
) -> None:
    together = Barrier(2)

    def attempt(_place: int) -> str:
        with sessions() as session:
            together.wait()
            try:
                with writing(session):
                    use_case(session)
            except Refusal as refusal:
                return refusal.code
            return "taken in"

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(attempt, range(2)))

    assert answers == sorted([code, "taken in"])
