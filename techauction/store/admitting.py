"""Who could bid on which lots; and admissions and deposits in bulk, made by the database from one JSON document.

A round of 900 lots and 880 paddles has 1.6 million of them: made in Python, each would hold its lock, for which bids wait.
"""

import json
from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, or_, select, text
from sqlalchemy.orm import Session

from techauction.store.auction import AdmissionRow, PaddleRow
from techauction.store.money import DepositRow

Admission = tuple[int, int, int | None]
"""A paddle's row, a lot's row, and the deposit in fen that the paddle needs for the lot alone, if it does."""

_SQLITE = (
    """
    INSERT INTO admissions (paddle_id, lot_id)
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(:document)
    """,
    """
    INSERT INTO deposits (paddle_id, lot_id, required, held, applied, released, state)
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'), json_extract(value, '$[2]'),
           0, 0, 'held'
    FROM json_each(:document) WHERE json_extract(value, '$[2]') IS NOT NULL
    """,
)
_POSTGRESQL = (
    """
    INSERT INTO admissions (paddle_id, lot_id)
    SELECT (value->>0)::integer, (value->>1)::integer FROM jsonb_array_elements(CAST(:document AS jsonb))
    """,
    """
    INSERT INTO deposits (paddle_id, lot_id, required, held, applied, released, state)
    SELECT (value->>0)::integer, (value->>1)::integer, (value->>2)::bigint, (value->>2)::bigint, 0, 0, 'held'
    FROM jsonb_array_elements(CAST(:document AS jsonb)) WHERE value->>2 IS NOT NULL
    """,
)


def admit(session: Session, admissions: Sequence[Admission]) -> None:
    """Keep admissions, each with its deposit held in full, inside the session's transaction."""
    document = json.dumps(admissions, separators=(",", ":"))
    for statement in _SQLITE if session.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        session.execute(text(statement), {"document": document})


def admitted(session: Session, lots: ColumnElement[bool]) -> dict[int, int]:
    """Return how many paddles could bid on each of the lots: issued, not voided, admitted, their deposit held.

    `lots` says which, by `AdmissionRow.lot_id`. By this number a lot is offered or withheld.
    """
    rows = session.execute(
        select(AdmissionRow.lot_id, func.count())
        .join(PaddleRow, AdmissionRow.paddle_id == PaddleRow.id)
        .outerjoin(
            DepositRow,
            (DepositRow.paddle_id == PaddleRow.id) & or_(DepositRow.lot_id == AdmissionRow.lot_id, DepositRow.lot_id.is_(None)),
        )
        .where(
            lots,
            PaddleRow.issued_at.is_not(None),
            PaddleRow.voided_at.is_(None),
            or_(DepositRow.id.is_(None), DepositRow.held >= DepositRow.required),
        )
        .group_by(AdmissionRow.lot_id)
    )
    return {lot_id: count for lot_id, count in rows}  # noqa: C416 (rows are no tuples to mypy)
