"""What is imported is declared."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def imported(*patterns: str) -> dict[str, Path]:
    """Return the top-level modules that such files import, each with a file that does."""
    found: dict[str, Path] = {}
    for file in (each for pattern in patterns for each in ROOT.glob(pattern)):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {each.name.partition(".")[0]: file for each in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found[node.module.partition(".")[0]] = file
    return found


def declared(*extras: str) -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = [*project["dependencies"], *(line for each in extras for line in project["optional-dependencies"][each])]
    return {_named(re.split(r"[\[<>=;! ]", line)[0]) for line in lines}


def _named(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


RUN = [each.name for each in (ROOT / "techauction").iterdir() if each.name != "bench"]
"""What runs without the tests' requirements; the benchmark's browser does not."""


@pytest.mark.parametrize(
    ("patterns", "extras"),
    [
        (["migrations/**/*.py", "techauction/*.py", *(f"techauction/{each}/**/*.py" for each in RUN)], ()),
        (["techauction/bench/*.py", "tests/**/*.py"], ("dev",)),
    ],
    ids=["run", "dev"],
)
def test_what_is_imported_is_declared(patterns: list[str], extras: tuple[str, ...]) -> None:
    ours = {"techauction", "tests", *sys.stdlib_module_names}
    distributions = packages_distributions()

    undeclared = {
        module: str(file.relative_to(ROOT))
        for module, file in imported(*patterns).items()
        if module not in ours and not {_named(each) for each in distributions[module]} & declared(*extras)
    }

    assert undeclared == {}
