from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from techauction.core.accounts import token_hash
from techauction.core.tokens import MOST_TOKENS, NoScopeChosen, ScopeNotYours, TokenScope, TooManyTokens
from techauction.identity import caller_of_bearer
from techauction.services import accounts, tokens
from techauction.store.audit import AuditRow
from techauction.store.people import ApiTokenRow, Role, UserRow
from tests import builders
from tests.conftest import TEN

Sessions = sessionmaker[Session]
SECOND = timedelta(seconds=1)


def a_token(session: Session, user: UserRow, *scopes: TokenScope, **more: Any) -> str:
    values: dict[str, Any] = {"name": "robot", "days": None, "now": TEN}
    return tokens.make(session, user_id=user.id, scopes=scopes or (TokenScope.READ,), **values | more)


def test_only_the_hash_of_a_token_is_kept(sessions: Sessions) -> None:
    with sessions.begin() as session:
        token = a_token(session, builders.a_user(session))

    with sessions() as session:
        row = session.scalars(select(ApiTokenRow)).one()
        trail = session.scalars(select(AuditRow)).one()
    assert row.token_hash == token_hash(token)
    assert row.scopes == {TokenScope.READ}
    assert token not in repr(vars(row)) + repr(vars(trail))
    assert trail.what == "token.made"


def test_a_token_says_who_calls_and_for_what(sessions: Sessions) -> None:
    with sessions.begin() as session:
        user = builders.a_user(session, Role.ENTERPRISE)
        token = a_token(session, user, TokenScope.BID)

    with sessions() as session:
        caller = caller_of_bearer(token, session, TEN)

    assert caller is not None
    assert (caller.user_id, caller.organisation_id, caller.session_id) == (user.id, user.organisation_id, None)
    assert [scope for scope in TokenScope if caller.may(scope)] == [TokenScope.BID]


@pytest.mark.parametrize(
    ("role", "scope"),
    [(Role.ENTERPRISE, TokenScope.ORGANIZE), (Role.ORGANIZER, TokenScope.BID), (Role.AUDITOR, TokenScope.BID)],
)
def test_a_scope_of_another_role_is_refused(sessions: Sessions, role: Role, scope: TokenScope) -> None:
    with sessions() as session, pytest.raises(ScopeNotYours):
        a_token(session, builders.a_user(session, role), scope)


def test_a_token_needs_a_scope(sessions: Sessions) -> None:
    with sessions() as session, pytest.raises(NoScopeChosen):
        tokens.make(session, user_id=builders.a_user(session).id, name="robot", scopes=(), days=None, now=TEN)


def test_tokens_that_hold_are_counted_and_others_are_not(sessions: Sessions) -> None:
    with sessions() as session:
        user = builders.a_user(session)
        for _each in range(MOST_TOKENS):
            a_token(session, user)

        with pytest.raises(TooManyTokens):
            a_token(session, user)
        tokens.revoke(session, token_id=session.scalars(select(ApiTokenRow.id)).first() or 0, user_id=user.id, now=TEN)
        assert a_token(session, user)


def test_a_token_ends_when_its_days_are_over(sessions: Sessions) -> None:
    with sessions.begin() as session:
        token = a_token(session, builders.a_user(session), days=30)

    with sessions() as session:
        assert caller_of_bearer(token, session, TEN + timedelta(days=30) - SECOND) is not None
        assert caller_of_bearer(token, session, TEN + timedelta(days=30)) is None


def test_a_revoked_token_holds_no_more(sessions: Sessions) -> None:
    with sessions.begin() as session:
        user = builders.a_user(session)
        token = a_token(session, user)
        token_id = session.scalars(select(ApiTokenRow.id)).one()
        assert tokens.revoke(session, token_id=token_id, user_id=user.id, now=TEN)

    with sessions() as session:
        assert caller_of_bearer(token, session, TEN) is None


def test_nobody_revokes_the_token_of_another(sessions: Sessions) -> None:
    with sessions.begin() as session:
        token = a_token(session, builders.a_user(session))
        token_id = session.scalars(select(ApiTokenRow.id)).one()
        other = builders.a_user(session)

        assert not tokens.revoke(session, token_id=token_id, user_id=other.id, now=TEN)
        assert not tokens.revoke(session, token_id=token_id + 1, user_id=other.id, now=TEN)

    with sessions() as session:
        assert caller_of_bearer(token, session, TEN) is not None


@pytest.mark.parametrize("how", ["disabled", "password_reset", "password_changed"])
def test_what_ends_a_users_sign_ins_ends_the_tokens(sessions: Sessions, how: str) -> None:
    with sessions.begin() as session:
        user = builders.a_user(session)
        token = a_token(session, user)
        match how:
            case "disabled":
                accounts.disable_user(session, user_id=user.id, by_id=None, now=TEN)
                accounts.enable_user(session, user_id=user.id, by_id=builders.a_user(session).id, now=TEN)
            case "password_reset":
                accounts.reset_password(session, user_id=user.id, password_hash="!", by_id=None, now=TEN)
            case _:
                accounts.change_password(session, user_id=user.id, password_hash="!", keep_session_id=None, now=TEN)

    with sessions() as session:
        assert caller_of_bearer(token, session, TEN) is None


def test_the_last_use_is_kept_to_the_minute(sessions: Sessions) -> None:
    with sessions.begin() as session:
        token = a_token(session, builders.a_user(session))
    kept = []
    for at in (TEN, TEN + 59 * SECOND, TEN + 60 * SECOND):
        with sessions() as session:
            caller_of_bearer(token, session, at)
        with sessions() as session:
            kept.append(session.scalars(select(ApiTokenRow.last_used_at)).one())

    assert kept == [TEN, TEN, TEN + 60 * SECOND]


def test_the_database_keeps_no_scopes_that_nobody_may_have(sessions: Sessions) -> None:
    with sessions() as session:
        scopes = frozenset({TokenScope.BID, TokenScope.ORGANIZE})
        user_id = builders.a_user(session).id
        session.add(ApiTokenRow(token_hash="0" * 64, user_id=user_id, name="robot", scopes=scopes, created_at=TEN))

        with pytest.raises(IntegrityError):
            session.flush()
