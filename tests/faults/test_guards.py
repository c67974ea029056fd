"""The planted faults fit the house as it is; whether they are found, `test_faults.py` sees."""

from tests.faults.guards import FAULTS
from tests.faults.planting import ROOT


def test_each_snippet_stands_once_in_its_file() -> None:
    assert [each.guard for each in FAULTS if (ROOT / each.file).read_text().count(each.original) != 1] == []


def test_each_fault_names_a_test_that_is_there() -> None:
    def is_there(test: str) -> bool:
        file, name = test.split("[", maxsplit=1)[0].split("::")
        return (ROOT / file).is_file() and f"def {name}(" in (ROOT / file).read_text()

    assert [each.guard for each in FAULTS if not is_there(each.test)] == []


def test_no_guard_is_named_twice() -> None:
    assert len({each.guard for each in FAULTS}) == len(FAULTS)
