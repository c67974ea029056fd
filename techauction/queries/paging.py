"""Lists that are shown a page at a time."""

from dataclasses import dataclass
from typing import TypeVarTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

Columns = TypeVarTuple("Columns")


@dataclass(frozen=True, slots=True)
class Paging:
    """Where a page of a list stands: its number from 1, how many there are, and how many entries the whole list has."""

    number: int
    pages: int
    total: int

    @property
    def before(self) -> int | None:
        """Return the number of the page before, if there is one."""
        return self.number - 1 if self.number > 1 else None

    @property
    def after(self) -> int | None:
        """Return the number of the page after, if there is one."""
        return self.number + 1 if self.number < self.pages else None


def cut(session: Session, statement: Select[*Columns], *, number: int, size: int) -> tuple[Select[*Columns], Paging]:
    """Return the statement limited to a page, and where that page stands; a number past either end means the nearest page."""
    total = session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
    pages = max(1, -(-total // size))
    number = min(max(number, 1), pages)
    return statement.limit(size).offset((number - 1) * size), Paging(number, pages, total)


def counted(session: Session, statement: Select[*Columns], *, number: int, size: int) -> tuple[Select[*Columns], Paging]:
    """Return the same, but a number past the end means a page of nothing: a program that turns pages comes to an end."""
    cut_, paging = cut(session, statement, number=number, size=size)
    return cut_.offset((number - 1) * size), Paging(number, paging.pages, paging.total)
