"""A small round, from an empty installation to a settlement and an accepted case, in the browser only."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from techauction.clock import SHANGHAI, ManualClock
from techauction.core.credit_code import check_sign
from tests.browser.conftest import PASSWORD, fill, send, sign_in
from tests.conftest import TEN

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OPENS = TEN + timedelta(days=10)
CLOSES = OPENS + timedelta(hours=1)
LOTS = (
    ("锂电池储能系统", "Lithium-ion storage", "energy"),
    ("绿色农药", "Green pesticide", "agriculture"),
    ("手术机器人", "Surgical robot", "life"),
)


def local(at: object) -> str:
    """Return what a person in Shanghai types for an instant."""
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M")  # type: ignore[attr-defined]


def code(body: str) -> str:
    """Return a credit code with its check sign."""
    return body + check_sign(body)


def test_a_round_runs_from_init_to_an_accepted_case_without_a_command(  # noqa: PLR0915 (one story, told whole)
    visit: Callable[..., Page], clock: ManualClock, tmp_path: Path
) -> None:
    administrator = visit()
    sign_in(administrator, "administrator")
    for role, name in (("organizer", "olga"), ("manager", "max")):
        administrator.goto("/administrator/users/new")
        more = {"field_keys": ["energy", "agriculture", "life"]} if role == "manager" else {}
        fill(administrator, role=role, name=name.title(), sign_in_name=name, password=PASSWORD, market_key="zhejiang", **more)
        send(administrator)
    administrator.goto("/administrator/organisations/new")
    fill(
        administrator,
        kind="university",
        market_key="zhejiang",
        name_zh="之江大学（测试）",
        name_en="Zhijiang University (test)",
        credit_code=code("12330000470000001"),
        province="Zhejiang",
        role="institute",
        sealing_officer=True,
        name="Ines",
        sign_in_name="ines",
        password=PASSWORD,
    )
    send(administrator)

    organizer = visit()
    sign_in(organizer, "olga")
    organizer.goto("/organizer/new-round")
    fill(
        organizer,
        title_zh="小型竞价",
        title_en="A small round",
        slug="small",
        opens_at=local(OPENS),
        closes_at=local(CLOSES),
        registration_closes_at=local(OPENS - timedelta(days=1)),
        reserve_deadline_at=local(OPENS - timedelta(minutes=30)),
        buyer_bps="2",
    )
    send(organizer)

    institute = visit()
    sign_in(institute, "ines")
    for title_zh, title_en, field in LOTS:
        institute.goto("/institute/new-result")
        fill(
            institute,
            title_zh=title_zh,
            title_en=title_en,
            field=field,
            owners="Zhijiang University",
            rights="ZL 2026 1 0000001.0",
            instrument="transfer",
            start="200万",
            increment="10万",
            announced="yes" if field == "energy" else "no",
        )
        send(institute)
    institute.goto("/institute/results")
    institute.get_by_role("link", name="Lithium-ion storage").click()
    fill(institute, reserve="210万")
    send(institute, "Seal the reserve")

    for _lot in LOTS:
        organizer.goto("/organizer/results")
        organizer.locator("main table a, main .list-group a").first.click()
        send(organizer, "Accept")
    organizer.goto("/organizer/rounds/small")
    organizer.get_by_label("We have checked the times, terms and lots").check()
    send(organizer, "Publish the round")

    bidders = {}
    for place, name in enumerate(("bea", "ben")):
        page = bidders[name] = visit()
        page.goto("/register")
        fill(
            page,
            name_zh=f"企业{place}（测试）",
            name_en=f"{name.title()} Ltd (test)",
            credit_code=code(f"9133000047000000{place}"),
            province="Zhejiang",
            market="zhejiang",
            legal_representative="Li",
            agent="Wang",
            telephone="0571 00000000",
            email=f"{name}@example.org",
            sign_in_name=name,
            password=PASSWORD,
            again=PASSWORD,
        )
        send(page)
        organizer.goto("/organizer/enterprises")
        organizer.get_by_role("link", name=f"{name.title()} Ltd (test)").click()
        send(organizer, "Approve")
        sign_in(page, name)
        page.goto("/bidder/rounds/small/paddle")
        fill(page, every_lot=True, rules_accepted=True)
        send(page)
        organizer.goto("/organizer/rounds/small/paddles")
        organizer.get_by_role("link", name=f"{name.title()} Ltd (test)").click()
        fill(organizer, amount="60万", value_at=local(clock()), reference=f"BANK-{place}")
        send(organizer, "Record the receipt")
        send(organizer, "Issue the paddle")

    clock.set(OPENS)
    for name, page in bidders.items():
        sign_in(page, name)
    bea, ben = bidders["bea"], bidders["ben"]
    _bid(bea, 1, "200万")
    _bid(ben, 1, "230万")
    _bid(bea, 2, "210万")
    bea.goto("/bidder/rounds/small/lots/1")
    expect(bea.get_by_text("You do not lead").first).to_be_visible()
    ben.goto("/bidder/rounds/small/lots/1")
    expect(ben.get_by_text("You lead").first).to_be_visible()

    clock.set(CLOSES)
    public = visit()
    public.goto("/rounds/small/lots/1")
    expect(public.get_by_text("Sold").first).to_be_visible(timeout=15_000)
    public.goto("/rounds/small/result")
    expect(public.get_by_text("10.00%").first).to_be_visible()

    sign_in(organizer, "olga")
    organizer.goto("/organizer/rounds/small/report")
    with organizer.expect_download() as download:
        organizer.get_by_role("link", name="Settlement, Excel").click()
    file = tmp_path / "settlement.xlsx"
    download.value.save_as(file)
    cells = [str(cell) for row in load_workbook(file, read_only=True).worksheets[0].iter_rows(values_only=True) for cell in row]
    assert "Ben Ltd (test)" in " ".join(cells)

    manager = visit()
    sign_in(manager, "max")
    manager.goto("/manager/cases")
    manager.get_by_role("link", name="Lithium-ion storage").first.click()
    send(manager, "Accept the case")
    expect(manager.get_by_text("Sale confirmed").first).to_be_visible()


def _bid(page: Page, lot: int, amount: str) -> None:
    """Bid with the page's own code: type, confirm in the dialogue, and read that one leads."""
    page.goto(f"/bidder/rounds/small/lots/{lot}")
    fill(page, amount=amount)
    page.get_by_role("button", name="Place bid").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Place bid").click()
    expect(page.get_by_text("You lead").first).to_be_visible()
