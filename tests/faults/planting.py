"""Planting a fault in a copy of the house, to see that a test finds it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

ROOT = Path(__file__).parents[2]
_ENVIRONMENT = {
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # they take longer to load than most of these tests to run
    "TECHAUCTION_HYPOTHESIS": "quick",
}


@dataclass(frozen=True)
class Fault:
    """A guard, how it is taken away, and the test that finds it missing."""

    guard: str
    file: str
    original: str
    planted: str
    test: str


@dataclass(frozen=True)
class Told:
    """What a run of tests said."""

    returncode: int
    stdout: str


class Copy:
    """A copy of the package and its tests, in which a fault may be planted. `migrated` spares its runs the migrations."""

    def __init__(self, folder: Path, migrated: Path) -> None:
        self._folder = folder
        self._migrated = migrated
        self._planted = count(1)
        for name in ("techauction", "tests", "migrations"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis"))
        for name in ("templates", "static"):
            (folder / name).symlink_to(ROOT / name)
        shutil.copy(ROOT / "pyproject.toml", folder)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        kept.pop("PYTHONDONTWRITEBYTECODE", None)  # to compile the house takes each run longer than most of these tests
        found_first = {"PYTHONPATH": str(folder), "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
        self._runner = subprocess.Popen(
            [sys.executable, "-P", "tests/faults/forking.py"],
            cwd=folder,
            env=kept | _ENVIRONMENT | found_first,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @contextmanager
    def planted(self, fault: Fault) -> Iterator[None]:
        """Have the fault in the copy until the end of the block."""
        file = self._folder / fault.file
        text, written = file.read_text(), file.stat()
        assert text.count(fault.original) == 1, f"{fault.guard}: {fault.file} does not have the snippet once"
        file.write_text(text.replace(fault.original, fault.planted))
        os.utime(file, (written.st_atime, written.st_mtime + 1_000 * next(self._planted)))  # no bytecode has this time
        try:
            yield
        finally:
            file.write_text(text)
            os.utime(file, (written.st_atime, written.st_mtime))

    def run(self, tests: Sequence[str], *, planted: bool = False, migrate: bool = False) -> Told:
        """Run tests of the copy, in a process of their own; with a fault planted, slow ones too, and they do not wait long."""
        said = self._folder / "said"
        order = {
            "arguments": ["-q", "-p", "no:cacheprovider", "-m", "" if planted else "not slow", *tests],
            "environment": {} if migrate else {"TECHAUCTION_TEST_SQLITE": str(self._migrated)},
            "planted": planted,
            "said": str(said),
        }
        assert self._runner.stdin
        assert self._runner.stdout
        self._runner.stdin.write(json.dumps(order) + "\n")
        self._runner.stdin.flush()
        return Told(int(self._runner.stdout.readline()), said.read_text())

    def close(self) -> None:
        """End what runs the tests."""
        self._runner.communicate()
