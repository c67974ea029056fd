"""Both languages, complete."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from techauction.settings import SHIPPED

CATALOGUE = Path(__file__).parent.parent / "techauction" / "translations" / "zh_Hans_CN" / "LC_MESSAGES"
_FACTS = re.compile(r"%\([a-z_]+\)[sd]")


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Return everything that is said in English."""
    file = tmp_path_factory.mktemp("said") / "messages.pot"
    command = [
        sys.executable,
        "-m",
        "babel.messages.frontend",
        "-q",
        "extract",
        "-F",
        "babel.cfg",
        "--ignore-dirs=.*",
        "-k",
        "_l",
    ]
    subprocess.run([*command, "-o", str(file), "."], cwd=SHIPPED, check=True)
    with file.open("rb") as opened:
        return read_po(opened)


@pytest.fixture(scope="module")
def chinese() -> Catalog:
    """Return the Chinese catalogue."""
    with (CATALOGUE / "messages.po").open("rb") as opened:
        return read_po(opened, locale="zh_Hans_CN")


def test_everything_is_said_in_chinese(said: Catalog, chinese: Catalog) -> None:
    missing = [message.id for message in said if message.id and not _strings(chinese.get(_key(message)))]

    assert len(said) > 900
    assert missing == []


def test_no_sentence_is_translated_that_nobody_says(said: Catalog, chinese: Catalog) -> None:
    assert [message.id for message in chinese if message.id and said.get(_key(message)) is None] == []


def test_every_translation_has_the_facts_of_its_sentence(chinese: Catalog) -> None:
    wrong = []
    for message in chinese:
        ids = message.id if isinstance(message.id, (tuple, list)) else (message.id,)
        facts = set().union(*(_FACTS.findall(each) for each in ids))
        if message.id and any(set(_FACTS.findall(each)) != facts for each in _strings(message)):
            wrong.append(message.id)

    assert wrong == []


def test_what_is_compiled_is_what_is_written(chinese: Catalog) -> None:
    with (CATALOGUE / "messages.mo").open("rb") as opened:
        compiled = read_mo(opened)

    written = {_key(message): _strings(message) for message in chinese if message.id}
    assert {_key(message): _strings(message) for message in compiled if message.id} == written


def _key(message: Message) -> str:
    return str(message.id[0] if isinstance(message.id, (tuple, list)) else message.id)


def _strings(message: Message | None) -> tuple[str, ...]:
    if message is None:
        return ()
    strings = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    return tuple(str(each) for each in strings if each)
