"""One house for the tests of a module: on SQLite, and on PostgreSQL in the full run."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from techauction.clock import ManualClock
from tests.conftest import TEN, _copy
from tests.entering import quick_settings
from tests.hostile.house import House, a_house


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Yield the house, which tests bring back to how it was."""
    folder = tmp_path_factory.mktemp("hostile")
    copies = _copy(request.getfixturevalue("postgresql")) if request.param == "postgresql" else _file(request, folder)
    for url in copies:
        settings = quick_settings(folder, url, demo=True)
        with a_house(settings, ManualClock(TEN)) as made:
            yield made


def _file(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    shutil.copy(request.getfixturevalue("migrated_file"), folder / "hostile.db")
    yield f"sqlite:///{folder / 'hostile.db'}"
