"""Passwords that were tried, counted for all processes together."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from techauction.store.base import Row


class TriesRow(Row):
    """So many tries since `began_at`. The key is a keyed hash: people write passwords where a name belongs."""

    __tablename__ = "password_tries"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    began_at: Mapped[datetime] = mapped_column(index=True)
    tries: Mapped[int]
