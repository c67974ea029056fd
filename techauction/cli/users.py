"""`techauction user`: accounts."""

import click
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from techauction.cli.instance import Instance, Refused, pass_instance, tell
from techauction.cli.listing import format_option, show
from techauction.cli.passwords import choose, hashed, password_stdin
from techauction.core import accounts
from techauction.services.accounts import create_user, disable_user, reset_password
from techauction.store.loading import HERE
from techauction.store.people import FieldRow, MarketRow, OrganisationRow, Role, UserRow


@click.group()
def user() -> None:
    """Add, list and disable accounts."""


@user.command()
@click.argument("sign_in_name")
@click.option("--role", type=click.Choice([each.value for each in Role]), required=True)
@click.option("--name", help="The person's name.  [default: the sign-in name]")
@click.option("--email", default="", help="Where notices are sent.")
@click.option("--market", help="The key of an organizer's or manager's market.")
@click.option("--field", "fields", multiple=True, help="The key of a field that a manager takes cases of; may be repeated.")
@click.option("--organisation", help="The credit code of an institute's or enterprise's organisation.")
@click.option("--sealing-officer", is_flag=True, help="May seal the reserves of the organisation's lots.")
@password_stdin
@pass_instance
def add(
    instance: Instance,
    *,
    sign_in_name: str,
    role: str,
    name: str | None,
    email: str,
    market: str | None,
    fields: tuple[str, ...],
    organisation: str | None,
    sealing_officer: bool,
    password_stdin: bool,
) -> None:
    """Add an account. Its password is printed once, on standard output, unless it is given."""
    plain = accounts.sign_in_name(sign_in_name)
    password, made = choose(sign_in_name=plain, from_stdin=password_stdin)
    password_hash = hashed(instance.settings, password)
    with instance.writing("user add") as session:
        _must_know(session, market, fields)
        create_user(
            session,
            sign_in_name=plain,
            name=name or plain,
            email=email,
            role=Role(role),
            password_hash=password_hash,
            organisation_id=_organisation_id(session, organisation),
            market_key=market,
            field_keys=fields,
            sealing_officer=sealing_officer,
            now=instance.clock(),
        )
    tell(f"added {plain} ({role})")
    if made:
        click.echo(password)


@user.command("list")
@format_option
@pass_instance
def list_(instance: Instance, format_: str) -> None:
    """List the accounts."""
    with instance.reading() as session:
        rows = session.scalars(select(UserRow).options(joinedload(UserRow.organisation)).order_by(UserRow.sign_in_name))
        entries = [
            {
                "sign_in_name": row.sign_in_name,
                "name": row.name,
                "role": row.role.value,
                "market": row.market_key,
                "organisation": row.organisation.credit_code if row.organisation else None,
                "disabled": row.disabled_at is not None,
            }
            for row in rows
        ]
    show(entries, format_)


@user.command()
@click.argument("sign_in_name")
@pass_instance
def disable(instance: Instance, sign_in_name: str) -> None:
    """Keep an account from signing in, and end its sign-ins."""
    with instance.writing("user disable") as session:
        disable_user(session, user_id=_user_id(session, sign_in_name), by_id=None, now=instance.clock())
    tell(f"disabled {sign_in_name}")


@user.command()
@click.argument("sign_in_name")
@password_stdin
@pass_instance
def password(instance: Instance, sign_in_name: str, password_stdin: bool) -> None:  # noqa: FBT001 (a flag of the command)
    """Give an account a new password, and end its sign-ins."""
    chosen, made = choose(sign_in_name=sign_in_name, from_stdin=password_stdin)
    password_hash = hashed(instance.settings, chosen)
    with instance.writing("user password") as session:
        user_id = _user_id(session, sign_in_name)
        reset_password(session, user_id=user_id, password_hash=password_hash, by_id=None, now=instance.clock())
    tell(f"changed the password of {sign_in_name}")
    if made:
        click.echo(chosen)


def _user_id(session: Session, sign_in_name: str) -> int:
    found = session.scalar(select(UserRow.id).where(UserRow.sign_in_name == sign_in_name))
    if found is None:
        raise Refused(f"there is no account {sign_in_name}")
    return found


def _organisation_id(session: Session, credit_code: str | None) -> int | None:
    if credit_code is None:
        return None
    found = session.scalar(select(OrganisationRow.id).where(OrganisationRow.credit_code == credit_code, HERE))
    if found is None:
        raise Refused(f"there is no organisation with the credit code {credit_code}")
    return found


def _must_know(session: Session, market: str | None, fields: tuple[str, ...]) -> None:
    if market is not None and session.get(MarketRow, market) is None:
        known = ", ".join(session.scalars(select(MarketRow.key).order_by(MarketRow.position)))
        raise Refused(f"there is no market {market}; there are {known}")
    for field in fields:
        if session.get(FieldRow, field) is None:
            known = ", ".join(session.scalars(select(FieldRow.key).order_by(FieldRow.position)))
            raise Refused(f"there is no field {field}; there are {known}")
