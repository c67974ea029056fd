"""The Flask app, assembled here and nowhere else."""

from types import ModuleType

from flask import Flask
from flask_babel import Babel

from techauction.api import calls, document, loading, problems, reading
from techauction.children import Children
from techauction.clock import Clock
from techauction.custody import key_ring
from techauction.db import db, options, prepare
from techauction.receipts import FILE, Signer
from techauction.saleroom.auctioneer import Auctioneer
from techauction.settings import SHIPPED, Settings
from techauction.web import (
    addresses,
    demo,
    errors,
    filters,
    health,
    keeping,
    languages,
    navigation,
    requests,
    security,
    signing,
)
from techauction.web.account import notices, own, sign_in, tokens, watching
from techauction.web.administrator import audit, days, organisations, users
from techauction.web.auditor import approvals as supervised
from techauction.web.auditor import bindings, records
from techauction.web.bidder import amounts as bidder_amounts
from techauction.web.bidder import bidding, instructions, paddles, practice, priority, receipts, registration, seen
from techauction.web.catalogue import amounts, pages
from techauction.web.context import House
from techauction.web.hall import screens
from techauction.web.institute import lots, withdrawing
from techauction.web.manager import cases
from techauction.web.organizer import (
    admission,
    approvals,
    bids,
    desk,
    enterprises,
    floor,
    names,
    rehearsals,
    reports,
    reserves,
    results,
    rounds,
)
from techauction.web.organizer import cases as organizer_cases
from techauction.web.organizer import priority as organizer_priority

BLUEPRINTS: tuple[ModuleType, ...] = (
    health,
    sign_in,
    own,
    notices,
    watching,
    tokens,
    users,
    organisations,
    days,
    audit,
    pages,
    amounts,
    screens,
    bidding,
    bidder_amounts,
    instructions,
    priority,
    registration,
    paddles,
    practice,
    seen,
    receipts,
    enterprises,
    names,
    admission,
    organizer_priority,
    rounds,
    rehearsals,
    results,
    reserves,
    desk,
    approvals,
    bids,
    floor,
    supervised,
    lots,
    withdrawing,
    cases,
    organizer_cases,
    reports,
    records,
    bindings,
    reading,
    loading,
    document,
)
"""Every module that has a blueprint `bp`."""


def create_app(settings: Settings, clock: Clock, auctioneer: Auctioneer) -> Flask:
    """Return the app of an installation; the auctioneer is the process's own, started by whoever serves."""
    app = Flask("techauction", template_folder=str(SHIPPED / "templates"), static_folder=str(SHIPPED / "static"))
    app.config.update(
        SECRET_KEY=settings.secret_key,
        PUBLIC_URL=settings.public_url,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=options(settings.database_url),
        BABEL_DEFAULT_LOCALE=languages.DEFAULT,
        **security.configured(settings),
    )
    custody, children = key_ring(settings), Children(settings.database_url)
    app.extensions["techauction"] = House(
        settings=settings,
        clock=clock,
        auctioneer=auctioneer,
        signer=Signer(settings.instance / FILE),
        custody=custody,
        children=children,
    )
    db.init_app(app)
    with app.app_context():
        prepare(db.engine)
    Babel(app, locale_selector=languages.selected)
    app.jinja_env.globals["key_kept_apart"] = custody.is_apart
    for part in (requests, addresses, signing, filters, languages, navigation):
        part.register(app)
    errors.register(app, {calls.PREFIX: problems.failed})
    calls.register(app, settings, clock, custody, children)
    health.register(app, auctioneer)
    security.register(app, settings)
    keeping.register(app)
    security.csrf.exempt(loading.bp)  # its own gate asks for the token, of those who come by cookie
    for module in BLUEPRINTS:
        app.register_blueprint(module.bp)
    demo.register(app, settings)
    return app
