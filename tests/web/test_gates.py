"""Every URL, for a stranger and for every role: later blueprints are covered without a line here."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from techauction.db import writing
from techauction.store.people import Role, UserRow
from techauction.web.guard import GATE
from tests import builders
from tests.web.conftest import Browser

PUBLIC_BLUEPRINTS = {"catalogue", "catalogue_amounts", "hall", "api_document", "api_reading", "api_loading"}
PUBLIC = {
    "static",
    "health.healthz",
    "health.readyz",
    "health.metrics",
    "account.sign_in",
    "account.sign_out",
    "account.state",
    "account.language",
    "bidder_registration.registration",
}
"""What anybody may ask for, beside what those blueprints have. A new endpoint without a gate is found until it stands here.

The API's blueprints have gates of their own, which `tests/api` walks.
"""
EXAMPLES = {"int": 1, "string": "example", "default": "example", "path": "example", "uuid": "0" * 32}


@dataclasses.dataclass(frozen=True)
class Door:
    """One URL, one method, and who may enter."""

    url: str
    method: str
    endpoint: str
    admitted: frozenset[Role] | None


@pytest.fixture
def doors(app: Flask) -> list[Door]:
    found = []
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            gates = [getattr(gate, GATE) for gate in app.before_request_funcs.get(_blueprint(rule), []) if hasattr(gate, GATE)]
            admitted = frozenset.intersection(*gates) if gates else None
            url = rule.build({name: EXAMPLES[_kind(rule, name)] for name in rule.arguments})
            assert url is not None
            methods = sorted({"GET", "POST"} & (rule.methods or set()))
            found += [Door(url[1], method, rule.endpoint, admitted) for method in methods]
    return found


def _blueprint(rule: Rule) -> str:
    return rule.endpoint.rpartition(".")[0]


def _kind(rule: Rule, name: str) -> str:
    converter = type(rule._converters[name]).__name__  # noqa: SLF001 (werkzeug tells it nowhere else)
    return {"IdConverter": "int", "PathConverter": "path", "UUIDConverter": "uuid"}.get(converter, "string")


def _ask(client: Browser, door: Door, token: str) -> Any:
    return client.get(door.url) if door.method == "GET" else client.post(door.url, data={"csrf_token": token})


@pytest.fixture
def everybody(app: Flask, new_user: Callable[..., UserRow], store: Callable[[], Session]) -> dict[Role, Browser]:
    with store() as session, writing(session):
        institute = builders.an_organisation(session, builders.OrganisationKind.UNIVERSITY).id
        enterprise = builders.an_organisation(session).id
    clients = {}
    for role in Role:
        of = {Role.INSTITUTE: institute, Role.ENTERPRISE: enterprise}.get(role)
        new_user(f"the.{role}", role, organisation_id=of)
        client = app.test_client()
        assert isinstance(client, Browser)
        assert client.sign_in(f"the.{role}").status_code == 303
        clients[role] = client
    return clients


def test_every_url_is_gated_or_known_to_be_public(doors: list[Door]) -> None:
    open_to_all = {door.endpoint for door in doors if door.admitted is None}

    unknown = {name for name in open_to_all - PUBLIC if name.rpartition(".")[0] not in PUBLIC_BLUEPRINTS}

    assert unknown == set()


def test_a_stranger_is_sent_to_the_sign_in(doors: list[Door], visitor: Browser) -> None:
    token = visitor.get_token()

    for door in doors:
        if door.admitted is not None:
            answer = _ask(visitor, door, token)

            assert (answer.status_code, answer.location.partition("?")[0]) == (303, "/account/sign-in"), door


def test_a_wrong_role_is_refused(doors: list[Door], everybody: dict[Role, Browser]) -> None:
    for role, client in everybody.items():
        token = client.get_token()
        for door in doors:
            if door.admitted is not None and role not in door.admitted:
                assert _ask(client, door, token).status_code == 403, (role, door)


def test_the_right_role_finds_nothing_broken(doors: list[Door], everybody: dict[Role, Browser]) -> None:
    for role, client in everybody.items():
        for door in doors:
            if door.method == "GET" and (door.admitted is None or role in door.admitted):
                assert client.get(door.url).status_code in (200, 303, 404), (role, door)


def test_private_pages_are_not_kept_by_anybody(doors: list[Door], everybody: dict[Role, Browser]) -> None:
    for role, client in everybody.items():
        for door in doors:
            if door.method == "GET" and door.admitted is not None and role in door.admitted:
                assert client.get(door.url).headers["Cache-Control"] == "no-store", (role, door)
