"""Every notice that a service writes has its letter."""

import ast
from pathlib import Path

import pytest

from techauction import letters, services
from techauction.core.registration import Decision
from techauction.letters import LETTERS, letter
from techauction.services.notices import OUTBID
from techauction.wording.notices import NOTICES

FACTS: dict[str, int | str | None] = {
    "act": "void_bid",
    "amount_fen": 20_000_000,
    "bids": 0,
    "closes_at": "2026-11-02T04:00:00+00:00",
    "commission_fen": 0,
    "confirmed_by": "2026-11-04",
    "deposit": "lot",
    "deposit_fen": 20_000_000,
    "due_fen": 280_000_000,
    "digest": "d",
    "duty": "opening",
    "heads": "1:a 2:b",
    "kind": "sold",
    "lots": 3,
    "moved_ms": -3_600_000,
    "name_en": "Works",
    "name_zh": "工厂",
    "new_en": "New Works",
    "new_zh": "新工厂",
    "number": 7,
    "paddle": 260,
    "paid_by": "2026-11-18",
    "price_fen": 300_000_000,
    "rank": 1,
    "reason": "The mandate has expired.",
    "reference": "R1",
    "signed_by": "2026-11-11",
    "title_en": "Battery",
    "title_zh": "电池",
    "withheld_for": "too_few_admitted",
}

OF_EARLIER_VERSIONS = {"lot_ended_early"}


def written() -> set[str]:
    """Return what the services' calls of `notify`, `put` and `_tell` name, as far as it stands there literally."""
    found = set()
    for file in Path(services.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("notify", "put", "_tell"):
                found |= {
                    str(each.value.value)
                    for each in node.keywords
                    if each.arg == "what" and isinstance(each.value, ast.Constant)
                }
    return found | {f"registration_{each.value}" for each in Decision} | {"paddle_voided", "paddle_refused", OUTBID}


def test_every_notice_has_a_letter() -> None:
    assert written() | OF_EARLIER_VERSIONS == set(LETTERS)


def test_each_kind_has_a_name_for_whoever_lists_notices() -> None:
    assert set(NOTICES) == set(LETTERS)


@pytest.mark.parametrize("what", sorted(LETTERS))
def test_a_letter_is_made_from_its_facts(what: str) -> None:
    made = letter(what, FACTS)

    assert made.subject
    assert made.body
    assert "%(" not in made.subject + made.body


def test_a_notice_of_another_version_is_shown_as_it_is() -> None:
    made = letters.letter("moon_landed", {"by": "rocket"})

    assert made.body == "moon_landed\nby: rocket"


def test_a_notice_of_a_rehearsal_says_so() -> None:
    made = letter("lot_bought", FACTS | {"rehearsal": True})

    assert made.subject.startswith("Rehearsal: ")
    assert made.body.endswith("Rehearsal: nothing here is sold, and no sum is owed.")
    assert "Rehearsal" not in letter("lot_bought", FACTS | {"rehearsal": False}).subject
