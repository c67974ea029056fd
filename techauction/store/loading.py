"""What is here, and what is still being loaded: the rows of a load are shown to nobody before its last step."""

from sqlalchemy import select

from techauction.store.consigning import RoundRow
from techauction.store.people import OrganisationRow

LOADED = RoundRow.loading_at.is_(None)
"""Rounds that are not being loaded."""

HERE = OrganisationRow.loaded_with_id.is_(None) | OrganisationRow.loaded_with_id.not_in(
    select(RoundRow.id).where(RoundRow.loading_at.is_not(None))
)
"""Organisations that did not come with a round that is still being loaded."""
