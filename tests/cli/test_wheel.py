"""An installation from the wheel, outside any checkout."""

import os
import site
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
SHIPPED = {"templates": ".html", "static": "", "migrations": ".py"}


def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("TECHAUCTION_", "PYTHON"))}
    return subprocess.run(
        [str(each) for each in arguments], cwd=cwd, env=environ, capture_output=True, text=True, check=False, timeout=300
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a wheel built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    built = run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, cwd=TOP)
    assert built.returncode == 0, built.stdout + built.stderr
    return next(folder.glob("*.whl"))


@pytest.mark.slow
def test_the_wheel_has_everything_that_is_read_while_it_runs(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())

    for folder, ending in SHIPPED.items():
        files = [each for each in (TOP / folder).rglob(f"*{ending}") if each.is_file() and "__pycache__" not in each.parts]
        assert files
        assert {f"techauction/_shipped/{each.relative_to(TOP)}" for each in files} <= names
    assert "techauction/_shipped/migrations/alembic.ini" in names
    for catalogue in (TOP / "techauction").rglob("*.po"):
        assert str(catalogue.with_suffix(".mo").relative_to(TOP)) in names
    assert not [name for name in names if name.startswith("tests/") or name.endswith(".pyc")]


@pytest.mark.slow
def test_the_wheel_installs_and_makes_an_installation_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "venv"
    assert run(sys.executable, "-m", "venv", "--without-pip", home, cwd=tmp_path).returncode == 0
    python = home / "bin" / "python"
    installed = run(
        sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "--quiet", wheel, cwd=tmp_path
    )
    assert installed.returncode == 0, installed.stderr
    # What it depends on is borrowed from here; a path file inside a borrowed folder is not read, so this checkout is not found.
    packages = next((home / "lib").glob("python*/site-packages"))
    (packages / "borrowed.pth").write_text("\n".join(site.getsitepackages()), "utf-8")
    command = home / "bin" / "techauction"

    where = run(python, "-c", "import techauction; print(techauction.__file__)", cwd=tmp_path)
    made = run(command, "--instance", tmp_path / "instance", "init", cwd=tmp_path)
    checked = run(command, "--instance", tmp_path / "instance", "db", "check", cwd=tmp_path)
    page = run(python, "-c", _PAGE, tmp_path / "instance", cwd=tmp_path)

    assert where.stdout.strip().startswith(str(packages))
    assert made.returncode == 0, made.stderr
    assert checked.returncode == 0, checked.stderr
    assert page.stdout.splitlines()[-1:] == ["200 200"], page.stderr


_PAGE = """
import sys
from pathlib import Path
from techauction.asgi import Process
from techauction.clock import SystemClock
from techauction.settings import load

client = Process(load(Path(sys.argv[1])), SystemClock()).app.test_client()
print(client.get("/").status_code, client.get("/static/css/techauction.css").status_code)
"""
