from collections.abc import Callable

import pytest
from flask import Flask

from techauction.store.people import Role, UserRow
from techauction.web.navigation import MENU, PUBLIC
from tests.web.conftest import Browser


def test_every_role_has_a_menu_that_leads_to_pages_it_may_open(app: Flask) -> None:
    wanted = {entry.endpoint for entries in (PUBLIC, *MENU.values()) for entry in entries}

    assert set(MENU) == set(Role)
    assert wanted - set(app.view_functions) == set()


@pytest.mark.parametrize("role", [Role.ORGANIZER, Role.MANAGER, Role.AUDITOR, Role.ADMINISTRATOR])
def test_a_user_lands_on_the_first_page_of_the_own_menu(role: Role, visitor: Browser, new_user: Callable[..., UserRow]) -> None:
    new_user("ada", role)

    answer = visitor.sign_in("ada")
    page = visitor.get(answer.location)

    assert page.status_code == 200
    assert 'aria-current="page"' in page.text
