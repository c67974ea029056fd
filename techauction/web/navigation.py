"""The menu of each role."""

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Flask, request, url_for
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from techauction.store.people import Role


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the menu: the endpoint that it leads to, its label, and an icon of `static/icons.svg`."""

    endpoint: str
    label: LazyString
    icon: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A line of the menu as the page has it."""

    url: str
    label: LazyString
    icon: str
    current: bool


MOST_PAGES = 1_000_000
PUBLIC = (Entry("catalogue.rounds", _l("Rounds"), "gavel"),)
MENU: dict[Role, tuple[Entry, ...]] = {
    Role.INSTITUTE: (Entry("institute.lots", _l("My results"), "flask"),),
    Role.ENTERPRISE: (
        Entry("bidder.lots", _l("My lots"), "gavel"),
        Entry("bidder_paddles.paddles", _l("My paddles"), "ticket"),
        Entry("bidder_receipts.receipts", _l("My receipts"), "receipt"),
    ),
    Role.ORGANIZER: (
        Entry("organizer.rounds", _l("Our rounds"), "layout-list"),
        Entry("organizer_results.results", _l("Results"), "flask"),
        Entry("organizer_enterprises.enterprises", _l("Enterprises"), "building-factory"),
        Entry("organizer_cases.cases", _l("Cases"), "heart-handshake"),
    ),
    Role.MANAGER: (Entry("manager.cases", _l("Cases"), "heart-handshake"),),
    Role.AUDITOR: (
        Entry("auditor.rounds", _l("Records"), "shield-check"),
        Entry("auditor_approvals.waiting", _l("To approve"), "circle-check"),
    ),
    Role.ADMINISTRATOR: (
        Entry("administrator.users", _l("Users"), "users"),
        Entry("administrator_organisations.organisations", _l("Organisations"), "building-bank"),
        Entry("organizer_cases.cases", _l("Cases"), "heart-handshake"),
        Entry("auditor.rounds", _l("Records"), "shield-check"),
        Entry("administrator_days.days", _l("Working days"), "calendar"),
        Entry("administrator_audit.audit", _l("Audit trail"), "history"),
        Entry("administrator_audit.notices", _l("Unsent notices"), "bell"),
    ),
}


def menu() -> list[Shown]:
    """Return the menu of whoever reads the page."""
    entries: tuple[Entry, ...] = PUBLIC
    if current_user.is_authenticated:
        entries += MENU[current_user.role]
    here_ = _stands_at(entries)
    return [Shown(url_for(entry.endpoint), entry.label, entry.icon, current=entry is here_) for entry in entries]


def _stands_at(entries: tuple[Entry, ...]) -> Entry | None:
    """Return the line under which this page stands: its own, else the first of the same blueprint."""
    blueprint = f"{request.blueprint}."
    exact = (entry for entry in entries if entry.endpoint == request.endpoint)
    return next(exact, next((entry for entry in entries if entry.endpoint.startswith(blueprint)), None))


def home() -> str:
    """Return the address of the page that whoever is signed in works on; the front page for everybody else."""
    own = menu()[len(PUBLIC) :] if current_user.is_authenticated else []
    return own[0].url if own else "/"


def here() -> str:
    """Return the address of this page, to come back to; without a language, which the address would force again."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    if request.method != "GET":
        return request.path
    return f"{request.path}?{urlencode(kept)}" if kept else request.path


def page_url(name: str, number: int) -> str:
    """Return the address of another page of the list shown, its filters kept."""
    kept = [(key, value) for key, value in request.args.items(multi=True) if key != name]
    return f"{request.path}?{urlencode([*kept, (name, str(number))])}"


def page_number() -> int:
    """Return which page of a list the address asks for."""
    asked = request.args.get("page", "")
    return min(int(asked), MOST_PAGES) if asked.isascii() and asked.isdigit() and len(asked) < len(str(MOST_PAGES)) else 1


def register(app: Flask) -> None:
    """Let templates, macros among them, draw the menu and link to pages of lists."""
    app.jinja_env.globals.update(menu=menu, home=home, here=here, page_url=page_url)
