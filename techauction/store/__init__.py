"""What is kept: typed rows and their constraints."""

from techauction.store import aftersale, auction, audit, consigning, days, money, notices, people, record

__all__ = ["aftersale", "auction", "audit", "consigning", "days", "money", "notices", "people", "record"]
