"""Runs tests for `planting.Copy`, each time in a child of a process that has loaded the libraries, and nothing of the house.

To load them takes longer than most of the tests to run. Reads orders from its input, a line of JSON each: the arguments of
pytest, what to add to the environment, whether a fault is planted, and where to write what is said.
Answers each with pytest's exit code.
"""

import importlib
import json
import os
import signal
import sys
from typing import Any

import pytest

LIBRARIES = (
    "alembic.command",
    "alembic.migration",
    "apscheduler.schedulers.background",
    "argon2",
    "click.testing",
    "flask.testing",
    "flask_babel",
    "flask_limiter",
    "flask_login",
    "flask_sqlalchemy",
    "flask_wtf.csrf",
    "httpx",
    "hypothesis.strategies",
    "nacl.public",
    "nacl.signing",
    "openpyxl",
    "orjson",
    "prometheus_client",
    "psycopg",
    "pydantic.dataclasses",
    "pydantic.json_schema",
    "rfc8785",
    "sqlalchemy.dialects.sqlite",
    "sqlalchemy.orm",
    "sqlite3",
    "structlog.testing",
    "uvicorn",
    "werkzeug.middleware.proxy_fix",
    "wtforms",
    "xlsxwriter",
)
LIMIT_S = 300
PATIENCE_S = 5.0


class Impatient:
    """Has tests wait less for what a planted fault keeps from coming."""

    def pytest_collection_finish(self) -> None:
        for name, module in sys.modules.items():
            if name.startswith("tests.") and hasattr(module, "PATIENCE_S"):
                vars(module)["PATIENCE_S"] = min(module.PATIENCE_S, PATIENCE_S)


def serve() -> None:
    """Do what is ordered until the input ends."""
    for name in LIBRARIES:
        importlib.import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _do(json.loads(line))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _do(order: dict[str, Any]) -> None:
    signal.alarm(LIMIT_S)
    said = os.open(order["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.environ.update(order["environment"])
    code = pytest.main(order["arguments"], plugins=[Impatient()] if order["planted"] else [])
    sys.stdout.flush()
    os._exit(code)  # whatever threads a planted fault has left


if __name__ == "__main__":
    serve()
