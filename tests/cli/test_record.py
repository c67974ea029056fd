import json
from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core.record import GENESIS, round_digest
from techauction.core.refusal import Refusal
from techauction.core.refused import RefusedOffer
from techauction.core.round_record import RoundEvent, RoundKind, plan_digest
from techauction.core.round_replay import replay
from techauction.db import writing
from techauction.services import opening
from techauction.store.auction import OfferRow, PaddleRow
from techauction.store.consigning import RoundRow
from tests.builders import OPENS, wan
from tests.cli.conftest import Run
from tests.rounds import a_round_to_play


def test_what_was_refused_is_exported_in_the_order_of_its_chain(run: Run, open_store: Callable[[], Session]) -> None:
    with open_store() as session, writing(session):
        played = a_round_to_play(session, {})
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        for paddle in (0, 1):
            with pytest.raises(Refusal):
                played.bid(session, 0, paddle, wan(205), OPENS)
        [first, second] = session.scalars(select(OfferRow).order_by(OfferRow.place))

    answer = run("record", "export", "--round", played.row.slug, "--refused")

    lines = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [(line["name"], line["place"], line["code"], line["hash"]) for line in lines] == [
        (f"{played.row.slug}/1", 1, "off_grid", first.hash),
        (f"{played.row.slug}/1", 2, "off_grid", second.hash),
    ]
    assert first.key not in answer.stdout
    assert isinstance(first.as_refused(), RefusedOffer)
    assert first.as_refused().digest(GENESIS) == first.hash


def test_an_outsider_verifies_a_rounds_own_record_by_its_export(run: Run, sold: str, open_store: Callable[[], Session]) -> None:
    lines = [json.loads(line) for line in run("record", "export", "--round", sold).stdout.splitlines()]
    after = replay(
        sold,
        (
            (
                RoundEvent(
                    round=each["round"],
                    seq=each["seq"],
                    kind=RoundKind(each["kind"]),
                    at=datetime.fromisoformat(each["at"]),
                    data=each["data"],
                ),
                each["prev_hash"],
                each["hash"],
            )
            for each in lines
            if "round" in each
        ),
    )
    heads = {int(each["lot"].rpartition("/")[2]): each["hash"] for each in lines if "lot" in each}
    opened = [each["data"] for each in lines if each["kind"] == "opened"]

    assert after.violations == []
    assert sorted(after.bound) == [101, 102, 103]
    assert after.plan is not None
    assert after.opened_seq is not None
    assert (lines[after.opened_seq]["kind"], lines[after.opened_seq]["data"]) == ("round_closed", {"refused": []})
    assert {(each["plan"], each["round_head"]) for each in opened} == {
        (plan_digest(sold, after.plan), after.heads[after.opened_seq])
    }
    with open_store() as session:
        assert session.scalars(select(RoundRow.digest)).one() == round_digest(sold, heads, after.head)
        text = json.dumps(lines, ensure_ascii=False)
        for each in session.scalars(select(PaddleRow)):
            assert each.salt is not None
            assert not any(secret in text for secret in (each.salt, each.bidder.credit_code, each.bidder.name_zh))
