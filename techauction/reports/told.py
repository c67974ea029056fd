"""Whether a round still is as somebody was told of it: who rewrites the record after the close must rewrite this too."""

from collections.abc import Collection, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core.violation import Fault, Violation
from techauction.store.notices import NoticeRow


def voided(session: Session, slug: str, voids: Collection[int | None]) -> Iterator[Violation]:
    """Check that each sale is void of which somebody was told so; `voids` are the numbers of the lots whose sale is.

    A void after the close is in no digest, and could be cut off with everything that followed from it.
    """
    told = session.scalars(select(NoticeRow.facts).where(NoticeRow.what == "outcome_voided")).all()
    for number in sorted(
        {str(facts.get("number")) for facts in told if facts.get("slug") == slug} - {str(each) for each in voids}
    ):
        said = "its buyer or institute was told that its sale was voided, which no record says"
        yield Violation(Fault.MISSING_TAIL, f"{slug}/{number}", None, said)
