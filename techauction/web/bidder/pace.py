"""How fast one bidder may offer and act: together, so often a second."""

from techauction.web.context import house, my_organisation_id
from techauction.web.security import limiter


def _rate() -> str:
    return f"{house().settings.bids_per_second} per second"


paced = limiter.shared_limit(_rate, scope="bidders", key_func=lambda: f"bidder {my_organisation_id()}")
