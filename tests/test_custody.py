"""Custody keys: what they seal, who opens it, and what happens to their files."""

import json
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from techauction.core.custody import WITHOUT_KEYS, Box, CannotOpen, NoCustodyKey
from techauction.custody import PRIVATE, PUBLIC, CustodyUnready, KeyRing, key_ring
from techauction.settings import Settings

PLAIN = {"reserve_fen": 271_828_183, "salt": "5" * 64}


def ring(folder: Path) -> KeyRing:
    return KeyRing(folder / PUBLIC, folder / PRIVATE)


def test_what_is_sealed_is_opened_with_the_key(custody: KeyRing) -> None:
    box = custody.seal(PLAIN)

    assert custody.open(box) == PLAIN
    assert custody.holds(box.key_id)
    assert "271828183" not in box.sealed


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 10**15), st.booleans())
def test_boxes_are_of_one_length_and_never_alike(custody: KeyRing, amount: int, confirmed: bool) -> None:
    plain = {"paddle": 101, "amount_fen": amount, "salt": "5" * 64, "confirmed": int(confirmed)}

    boxes = [custody.seal(plain).sealed, custody.seal(plain).sealed, custody.seal(PLAIN).sealed]

    assert len({len(each) for each in boxes}) == 1
    assert len(set(boxes)) == 3


def test_the_public_key_seals_while_the_private_one_is_away(tmp_path: Path) -> None:
    custody = ring(tmp_path)
    (tmp_path / PRIVATE).rename(tmp_path / "elsewhere")

    box = ring(tmp_path).seal(PLAIN)

    with pytest.raises(CannotOpen):
        custody.open(box)
    assert not custody.holds(box.key_id)
    (tmp_path / "elsewhere").rename(tmp_path / PRIVATE)
    assert custody.open(box) == PLAIN


def test_only_the_owner_reads_the_files(custody: KeyRing, tmp_path: Path) -> None:
    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in (PUBLIC, PRIVATE)} == {0o600}
    private = json.loads((tmp_path / PRIVATE).read_text())["keys"][0]
    assert private not in (tmp_path / PUBLIC).read_text()
    assert custody.names()


def test_a_rotated_key_still_opens_what_it_sealed(custody: KeyRing) -> None:
    old = custody.seal(PLAIN)

    name = custody.rotate()

    new = custody.seal(PLAIN)
    assert (new.key_id, custody.names()) == (name, [old.key_id, name])
    assert custody.open(old) == custody.open(new) == PLAIN


def test_a_key_is_not_rotated_behind_the_back_of_one_that_is_away(custody: KeyRing, tmp_path: Path) -> None:
    old = custody.seal(PLAIN)
    (tmp_path / PRIVATE).unlink()

    with pytest.raises(CustodyUnready):
        custody.rotate()
    custody.rotate(lost=True)

    assert custody.open(custody.seal(PLAIN)) == PLAIN
    with pytest.raises(CannotOpen):
        custody.open(old)


@pytest.mark.parametrize("damage", ["sealed", "key", "private", "absent"])
def test_what_was_changed_cannot_be_opened(custody: KeyRing, tmp_path: Path, damage: str) -> None:
    box = custody.seal(PLAIN)
    match damage:
        case "sealed":
            box = Box("A" + box.sealed[1:] if box.sealed[0] != "A" else "B" + box.sealed[1:], box.key_id)
        case "key":
            box = Box(box.sealed, "0" * 16)
        case "private":
            (tmp_path / PRIVATE).write_text("half a fil")
        case _:
            (tmp_path / PRIVATE).unlink()

    with pytest.raises(CannotOpen):
        custody.open(box)


def test_the_first_keys_are_made_once_and_found_again(tmp_path: Path) -> None:
    assert ring(tmp_path).names() == ring(tmp_path).names()


def test_keys_that_were_brought_are_taken_up(tmp_path: Path) -> None:
    box = ring(tmp_path).seal(PLAIN)
    (tmp_path / PUBLIC).unlink()

    assert ring(tmp_path).open(box) == PLAIN
    assert ring(tmp_path).names() == [box.key_id]


def test_a_restored_public_file_seals_for_the_same_key_and_recognises_no_repeat(tmp_path: Path) -> None:
    custody = ring(tmp_path)
    before = custody.tag("an offer")
    (tmp_path / "copy").write_text(custody.public())
    (tmp_path / "copy").replace(tmp_path / PUBLIC)

    assert custody.names() == ring(tmp_path).names()
    assert ring(tmp_path).tag("an offer") == custody.tag("an offer") != before


def test_repeats_are_recognised_by_the_same_words_alone(custody: KeyRing) -> None:
    assert custody.tag(1, "key", 200) == custody.tag(1, "key", 200)
    assert custody.tag(1, "key", 200) != custody.tag(1, "key", 201)


def test_the_private_file_lies_where_the_setting_says(tmp_path: Path) -> None:
    medium = tmp_path / "medium"
    medium.mkdir()
    said = Settings(instance=tmp_path, secret_key="k", database_url="sqlite://", custody_keys=str(medium / "keys.json"))

    box = key_ring(said).seal(PLAIN)

    assert not (tmp_path / PRIVATE).exists()
    assert KeyRing(tmp_path / PUBLIC, medium / "keys.json").open(box) == PLAIN


def test_keys_that_cannot_be_kept_are_said_so(tmp_path: Path) -> None:
    with pytest.raises(CustodyUnready, match="cannot be kept"):
        KeyRing(tmp_path / PUBLIC, tmp_path / "no such medium" / "keys.json")


def test_private_keys_are_copied_only_where_nothing_is(custody: KeyRing, tmp_path: Path) -> None:
    custody.copy_private(tmp_path / "safe")

    assert (tmp_path / "safe").read_text() == (tmp_path / PRIVATE).read_text()
    with pytest.raises(CustodyUnready):
        custody.copy_private(tmp_path / "safe")


def test_without_keys_nothing_is_sealed_or_opened_or_recognised() -> None:
    with pytest.raises(NoCustodyKey):
        WITHOUT_KEYS.seal(PLAIN)
    with pytest.raises(CannotOpen):
        WITHOUT_KEYS.open(Box("", "a key"))
    assert not WITHOUT_KEYS.holds("a key")
    assert WITHOUT_KEYS.tag("x") != WITHOUT_KEYS.tag("x")
