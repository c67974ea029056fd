"""Every guard of the house has a test that fails without it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.guards import FAULTS
from tests.faults.planting import Copy, Fault

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Iterator[Copy]:
    """Yield a copy of the house."""
    made = Copy(tmp_path_factory.mktemp("house"), migrated_file)
    yield made
    made.close()


def test_with_its_guards_the_copy_passes(house: Copy) -> None:
    told = house.run(sorted({fault.test for fault in FAULTS}))

    assert told.returncode == 0, told.stdout[-3_000:]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.guard)
def test_a_missing_guard_is_found(house: Copy, fault: Fault) -> None:
    with house.planted(fault):
        told = house.run([fault.test], planted=True, migrate=fault.file.startswith("migrations/"))

    assert told.returncode == 1, told.stdout[-3_000:]
    assert " error" not in told.stdout.splitlines()[-1], told.stdout[-3_000:]
