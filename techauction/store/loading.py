"""What is here, and what is still being loaded: the rows of a load are shown to nobody before its last step."""

from sqlalchemy import not_, select

from techauction.core.round import Phase
from techauction.store.consigning import RoundRow
from techauction.store.people import OrganisationRow

LOADING = RoundRow.loading_at.is_not(None) & (RoundRow.phase == Phase.DRAFT)
"""Rounds that are being loaded, or were when their load was broken off: none that was announced, whatever stands in its row."""

LOADED = not_(LOADING)
"""Rounds that are not being loaded."""

HERE = OrganisationRow.loaded_with_id.is_(None) | OrganisationRow.loaded_with_id.not_in(select(RoundRow.id).where(LOADING))
"""Organisations that did not come with a round that is still being loaded."""
