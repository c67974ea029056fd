"""`techauction market`: the exchanges that hold rounds."""

import re

import click
from sqlalchemy import select

from techauction.cli.instance import Instance, Refused, pass_instance, tell
from techauction.cli.listing import format_option, show
from techauction.core.refusal import NoSuch
from techauction.services.markets import set_telephone
from techauction.store.people import MarketRow

_TELEPHONE = re.compile(r"|[+()0-9 -]{5,40}")


@click.group()
def market() -> None:
    """Markets, and how bidders reach them."""


@market.command("list")
@format_option
@pass_instance
def list_(instance: Instance, format_: str) -> None:
    """List the markets."""
    with instance.reading() as session:
        rows = session.scalars(select(MarketRow).order_by(MarketRow.position))
        entries = [{"key": row.key, "name_zh": row.name_zh, "name_en": row.name_en, "telephone": row.telephone} for row in rows]
    show(entries, format_)


@market.command()
@click.argument("key")
@click.argument("number")
@pass_instance
def telephone(instance: Instance, key: str, number: str) -> None:
    """Put a market's telephone on its lots' pages, for questions during a sale; an empty one takes it off."""
    if not _TELEPHONE.fullmatch(number):
        raise Refused(f"{number!r} is no telephone number: digits, + - ( ) and spaces, 5 to 40 signs")
    with instance.writing("market telephone") as session:
        try:
            set_telephone(session, market_key=key, telephone=number, by_id=None, now=instance.clock())
        except NoSuch as error:
            raise Refused(f"there is no market {key}") from error
    tell(f"the telephone of {key} is {number or 'on no page'}")
