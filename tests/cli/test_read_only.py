"""Commands on an installation that may be read and not written: each says so in a line, and none in a traceback."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Run

NOBODY = 65_534
COMMANDS = [
    ("init",),
    ("serve", "--port", "0"),
    ("demo", "--no-serve"),
    ("db", "check"),
    ("db", "upgrade"),
    ("user", "list"),
    ("user", "add", "ada", "--role", "auditor"),
    ("market", "list"),
    ("market", "telephone", "zhejiang", "0571 0000 0000"),
    ("round", "list"),
    ("custody", "check-keys"),
    ("custody", "rotate-key"),
    ("record", "rotate-key"),
    ("backup", "{folder}/b.tar.gz"),
    ("restore", "{backup}", "--force"),
]


@pytest.fixture
def read_only(run: Run, installed: Path) -> Iterator[Path]:
    """Yield a folder that everybody may read and nobody may write: an installation in it, and a backup of that."""
    assert run("backup", installed / "b.tar.gz").exit_code == 0
    folder = Path(tempfile.mkdtemp(prefix="read-only-"))
    shutil.copytree(installed, folder / "instance")
    for each in (folder, *folder.rglob("*")):
        each.chmod(0o555 if each.is_dir() else 0o444)
    yield folder
    for each in (folder, *folder.rglob("*")):
        each.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_says_in_a_line_that_it_may_not_write(run: Run, read_only: Path, command: tuple[str, ...]) -> None:
    instance = read_only / "instance"
    arguments = [each.format(folder=read_only, backup=instance / "b.tar.gz") for each in command]

    code, said, exception = as_nobody(run, instance, arguments)

    assert exception in {"", "SystemExit"}, said
    assert code in {0, 1}
    assert "Traceback" not in said
    assert code == 0 or len(said.splitlines()) == 1, said


def as_nobody(run: Run, instance: Path, arguments: list[str]) -> tuple[int, str, str]:
    """Run a command in a process that may not do what root may; return its exit code, what it said, and what it raised."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.chdir("/")
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        answer = run(*arguments, on=instance)
        raised = "" if answer.exception is None else type(answer.exception).__name__
        os.write(writing, json.dumps([answer.exit_code, answer.stderr[-2_000:], raised]).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        found = json.loads(told.read() or "[]")
    os.waitpid(child, 0)
    assert found, "it said nothing"
    code, said, exception = found
    return code, said, exception
