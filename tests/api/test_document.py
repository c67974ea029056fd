"""The OpenAPI document: it is sound, and it describes what is there."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import validate
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance
from sqlalchemy.orm import sessionmaker

from techauction.api.calls import PREFIX
from techauction.api.openapi import OPERATIONS, document
from techauction.api.wire import packed
from techauction.clock import ManualClock
from techauction.db import make_engine
from techauction.settings import Settings
from tests.api.rooms import Room, open_room
from tests.builders import OPENS
from tests.plans import a_plan


def test_the_document_is_sound_and_for_everybody(client: FlaskClient) -> None:
    answer = client.get("/api/v1/openapi.json")

    validate(answer.get_json())
    assert (answer.status_code, answer.get_json()["openapi"]) == (200, "3.1.0")


def test_everything_that_is_there_is_described(client: FlaskClient) -> None:
    rules = [rule for rule in client.application.url_map.iter_rules() if rule.rule.startswith(f"{PREFIX}/")]
    there = {(method.lower(), _plain(rule.rule)) for rule in rules for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}

    described = {(each.method, PREFIX + each.path) for each in OPERATIONS if each.tag != "live"}

    assert there == described | {("get", f"{PREFIX}/openapi.json")}


def _plain(rule: str) -> str:
    return rule.replace("<int:", "{").replace("<", "{").replace(">", "}")


def _validator(name: str) -> Draft202012Validator:
    told: Any = document()
    whole = {"$ref": f"#/components/schemas/{name}", "components": told["components"]}
    return Draft202012Validator(whole, format_checker=FormatChecker())


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"markets": ["zhejiang", "anhui"], "regime": "auction", "extension_kind": "B", "extension_cap_s": 900, "collar": 0},
        {"deposit_kind": "fixed", "deposit_fixed_fen": 0, "stagger_s": None, "reserve_deadline_at": OPENS.isoformat()},
    ],
)
def test_what_the_reader_of_rounds_takes_the_document_describes(said: dict[str, Any]) -> None:
    plan = a_plan(**said)
    plan["lots"][0] |= {
        "ladder": [[0, 1], [100, 2]],
        "reserve_fen": 300_000_000,
        "number": 7,
        "market": "zhejiang",
        "owners": "浙江工业大学",
    }
    plan["enterprises"][0] |= {"lots": [7], "agent": "Li"}

    assert [error.message for error in _validator("RoundFile").iter_errors(plan)] == []


@pytest.fixture
def room(migrated_file: Path, tmp_path: Path, clock: ManualClock) -> Iterator[Room]:
    """Yield an open lot behind a real server, on SQLite."""
    file = tmp_path / "api.db"
    shutil.copy(migrated_file, file)
    settings = Settings(instance=tmp_path, secret_key="a secret", database_url=f"sqlite:///{file}", rate_limits=False)
    engine = make_engine(settings.database_url)
    with open_room(settings, sessionmaker(engine, expire_on_commit=False), clock) as opened:
        yield opened
    engine.dispose()


SCHEMA = schemathesis.openapi.from_dict(json.loads(packed(document()))).exclude(path=f"{PREFIX}/live")
"""What is tried out; a stream has no end that could be waited for."""


@pytest.mark.slow
@SCHEMA.parametrize()
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_schemathesis_finds_nothing(case: Case, room: Room) -> None:
    _Caller(room)(case)


class _Caller:
    """Calls the server as schemathesis asks, by a token that may; some calls go to what is really there."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def __call__(self, case: Case) -> None:
        room, path = self._room, case.path_parameters or {}
        lot_id, slug = path.get("lot_id"), path.get("slug")
        if type(lot_id) is int and 0 < lot_id < 2**31 and lot_id % 2:
            path["lot_id"] = room.lot_id
        if isinstance(slug, str) and re.fullmatch("[a-z0-9]{1,64}", slug) and len(slug) % 2:
            path["slug"] = room.slug
        key = (case.headers or {}).get("Idempotency-Key")
        if isinstance(key, str) and re.fullmatch("[A-Za-z0-9_-]{8,64}", key):
            case.headers["Idempotency-Key"] = uuid4().hex  # the same key with another body would be refused, as it should
        loading = case.operation.label == f"POST {PREFIX}/rounds"
        token = room.organizer if loading else room.bidders[0].token
        # To JSON Schema 200.0 is an integer; to us, on purpose, it is none.
        spelled = isinstance(case.body, dict) and isinstance(case.body.get("amount_fen"), float)
        case.call_and_validate(
            base_url=room.served.url,
            headers={"Authorization": f"Bearer {token}"},
            # No schema says all that keeps a round from being loaded: its times, and what its parts say of one another.
            excluded_checks=[positive_data_acceptance] if loading or spelled else [],
            timeout=20,
        )
