"""Settlements as files."""

import os
from datetime import datetime
from pathlib import Path
from typing import Literal

from sqlalchemy.orm import Session

from techauction.reports.settlement import compile_settlement
from techauction.reports.writers.settlement_columns import Language
from techauction.reports.writers.settlement_csv import write_csv
from techauction.reports.writers.settlement_xlsx import write_xlsx

Format = Literal["xlsx", "csv"]


def settlement_name(slug: str, form: Format) -> str:
    """Return the name of a round's settlement file."""
    return f"{slug}-settlement.{form}"


def export_settlement(
    session: Session, *, slug: str, form: Format, file: Path, now: datetime, language: Language = "zh"
) -> Path:
    """Write a round's settlement to `file`, all of it or nothing, and return the file.

    :raises NoSuch: there is no such round
    :raises BooksDiffer: a lot's kept settlement is not what its record comes to
    :raises SettlementOwed: a lot was sold just now, and its settlement is on its way
    """
    settlement = compile_settlement(session, slug)
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as target:
            if form == "xlsx":
                write_xlsx(settlement, target, language=language, written_at=now)
            else:
                target.writelines(line.encode() for line in write_csv(settlement, language))
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
    return file
