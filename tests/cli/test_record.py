import json
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core.record import GENESIS
from techauction.core.refusal import Refusal
from techauction.core.refused import RefusedOffer
from techauction.db import writing
from techauction.services import opening
from techauction.store.auction import OfferRow
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
