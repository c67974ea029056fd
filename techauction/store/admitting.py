"""Admissions and deposits in bulk: the rows are made by the database, from one JSON document.

A round of 900 lots and 880 paddles has 1.6 million of them: made in Python, each would hold its lock, for which bids wait.
"""

import json
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

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
