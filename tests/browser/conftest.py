"""A real browser, and an installation served to it."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from playwright.sync_api import TimeoutError as TookTooLong
from sqlalchemy.orm import sessionmaker

from techauction.cli import main
from techauction.clock import ManualClock
from techauction.db import db
from techauction.jobs.mailer import FileMailer
from techauction.jobs.scheduler import Scheduler
from techauction.jobs.turns import Turns
from techauction.settings import load
from tests.browser.find import HOW, find
from tests.serving import Served, serving

expect.set_options(timeout=20_000)
"""A machine that has other things to do needs more than the five seconds that would be waited otherwise."""
PASSWORD = "correct horse battery"
CHEAP = {"TECHAUCTION_ARGON2_MEMORY_KIB": "8", "TECHAUCTION_ARGON2_TIME": "1", "TECHAUCTION_RATE_LIMITS": "no"}


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Return how the browser is started; without one the test fails with the way to get it."""
    path = find()
    if path is None:
        pytest.fail(HOW)
    # A name that is not this machine's own is no secure context over plain HTTP.
    plain = "--host-resolver-rules=MAP plain.test 127.0.0.1"
    quiet = [
        plain,
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-background-networking",
        "--disable-component-update",
    ]
    return {"executable_path": path, "args": quiet}


@pytest.fixture
def installation(tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Yield an empty installation made by `techauction init`, served with its scheduler, at a clock that the test moves."""
    for name, value in CHEAP.items():
        monkeypatch.setenv(name, value)
    instance = tmp_path / "instance"
    made = CliRunner().invoke(main, ["--instance", str(instance), "init", "--password-stdin"], input=PASSWORD)
    assert made.exit_code == 0, made.output
    settings = load(instance)
    with serving(settings, clock) as served:
        app = served.process.app
        with app.app_context():
            sessions = sessionmaker(db.engine, expire_on_commit=False)
        scheduler = Scheduler(
            app,
            sessions,
            served.process.auctioneer,
            clock,
            FileMailer(instance / "outbox"),
            turns=Turns(settings.database_url),
            vitals=served.process.vitals,
        )
        scheduler.start()
        yield served
        scheduler.stop()


@pytest.fixture
def visit(browser: Browser, installation: Served) -> Iterator[Callable[..., Page]]:
    """Return a maker of separate browser windows, in English unless said otherwise; errors in the page's own code fail."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_window(language: str = "en", **more: Any) -> Page:
        contexts.append(browser.new_context(**{"base_url": installation.url, "locale": language, **more}))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.set_default_timeout(15_000)
        # A report's page is made by a process of its own, whose start alone takes a busy machine ten seconds.
        page.set_default_navigation_timeout(60_000)
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def room(installation: Served, clock: ManualClock) -> Served:
    """Return the installation with an open round."""
    from tests.browser.rooms import open_room  # noqa: PLC0415 (it asks this module for the password)

    return open_room(installation, clock)


def sign_in(page: Page, name: str) -> None:
    """Sign in by the form, whoever was signed in before."""
    page.context.clear_cookies()
    page.goto("/account/sign-in")
    fill(page, sign_in_name=name, password=PASSWORD)
    send(page)


def fill(page: Page, **values: str | bool | list[str]) -> None:
    """Fill in a form's fields by their names."""
    for name, value in values.items():
        found = page.locator(f"main [name='{name}']")
        kind = found.first.get_attribute("type")
        if isinstance(value, list) or kind == "radio":
            for each in value if isinstance(value, list) else [value]:
                page.locator(f"main [name='{name}'][value='{each}']").check()
        elif isinstance(value, bool):
            found.set_checked(value)
        elif found.evaluate("element => element.tagName") == "SELECT":
            found.select_option(value)
        else:
            found.fill(value)


def send(page: Page, label: str | None = None) -> None:
    """Press the form's button, and wait for the page that follows; a refusal on it fails."""
    buttons = page.locator("main form[method=post] button[type=submit]")
    button = buttons.first if label is None else page.get_by_role("main").get_by_role("button", name=label, exact=True).first
    with page.expect_navigation():
        button.click()
    refused = page.locator(".invalid-feedback:visible, .alert-danger:visible")
    assert refused.count() == 0, refused.all_inner_texts()


def press(where: Page | Locator, key: str) -> None:
    """Press a key at an element, or where a page has its focus.

    A page that the key leaves may be gone before the browser says that the key has come, and `keyboard.press` waits for that
    without end. The test looks at what the key did.
    """
    focused = where.locator(":is(:focus, body)").last if isinstance(where, Page) else where
    with suppress(TookTooLong):
        focused.press(key, timeout=5_000)
