import json

import pytest

from tests.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("installed")


def test_a_markets_telephone_is_set_and_taken_off(run: Run) -> None:
    assert run("market", "telephone", "zhejiang", "0571 8888 0000").exit_code == 0

    listed = {each["key"]: each["telephone"] for each in json.loads(run("market", "list", "--format", "json").stdout)}
    assert listed["zhejiang"] == "0571 8888 0000"
    assert listed["shanghai"] == ""
    assert "0571 8888 0000" in run("market", "list").stdout
    assert run("market", "telephone", "zhejiang", "").exit_code == 0
    assert "0571" not in run("market", "list").stdout


@pytest.mark.parametrize(("key", "number", "said"), [("nowhere", "0571 8888", "nowhere"), ("zhejiang", "call me", "call me")])
def test_a_telephone_that_cannot_be_is_refused(run: Run, key: str, number: str, said: str) -> None:
    answer = run("market", "telephone", key, number)

    assert answer.exit_code == 1
    assert said in answer.stderr
