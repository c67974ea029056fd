"""Backups: one file with the database, its keys but for the private ones of custody, and a manifest with the hash of each."""

import hashlib
import json
import os
import sqlite3
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from tempfile import mkstemp
from typing import Any, BinaryIO

from techauction.cli.instance import Refused
from techauction.custody import PUBLIC
from techauction.files import whole
from techauction.receipts import FILE

MANIFEST, SECRET_KEY, RECEIPT_KEYS, CUSTODY_PUBLIC = "manifest.json", "secret_key", FILE, PUBLIC
KEYS = (SECRET_KEY, RECEIPT_KEYS, CUSTODY_PUBLIC)
DATABASES = {"sqlite": "techauction.db", "postgresql": "database.dump"}
_CHUNK = 1 << 20
_MOST_MANIFEST = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup holds: `files` are SHA-256 (hex) by name, `revision` is the schema's."""

    made_at: str
    version: str
    database: str
    revision: str
    files: Mapping[str, str]


def pack(file: Path, parts: Mapping[str, BinaryIO], *, made_at: str, version: str, database: str, revision: str) -> Manifest:
    """Write the parts and their manifest into `file`: all of it, or nothing. Only its owner may read it.

    :raises Refused: there is a file of that name
    """
    if file.exists():
        raise Refused(f"{file} is there already")
    manifest = Manifest(
        made_at=made_at,
        version=version,
        database=database,
        revision=revision,
        files={name: _sha256(part) for name, part in sorted(parts.items())},
    )
    said = BytesIO((json.dumps(asdict(manifest), indent=2) + "\n").encode())
    with whole(file) as unfinished, tarfile.open(fileobj=unfinished, mode="w:gz") as archive:
        for name, part in ((MANIFEST, said), *sorted(parts.items())):
            member = tarfile.TarInfo(name)
            member.size, member.mode = part.seek(0, os.SEEK_END), 0o600
            part.seek(0)
            archive.addfile(member, part)
    return manifest


def unpack(file: Path, folder: Path) -> Manifest:
    """Write a backup's parts into `folder`, and return its manifest.

    :raises Refused: it is no backup of ours, or was changed or cut
    """
    try:
        with tarfile.open(file, "r:gz") as archive:
            manifest = _manifest(_read(archive, MANIFEST, _MOST_MANIFEST))
            for name, wanted in manifest.files.items():
                if name not in (*KEYS, DATABASES[manifest.database]):
                    raise Refused(f"{file} holds {name}, which no backup has")
                if _extract(archive, name, folder / name) != wanted:
                    raise Refused(f"{file} was changed: {name} is not what its manifest says")
    except (tarfile.TarError, EOFError, OSError, KeyError, TypeError, ValueError) as error:
        raise Refused(f"{file} cannot be read as a backup: {error}") from error
    return manifest


@contextmanager
def sqlite_copied(source: Path, beside: Path) -> Iterator[BinaryIO]:
    """Yield a copy of a SQLite database as it stands at one instant, without a name; a sale may run meanwhile.

    :raises Refused: the database is damaged
    """
    handle, name = mkstemp(prefix=".techauction-", dir=beside)
    with (
        os.fdopen(handle, "rb") as copy,
        closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True, timeout=10)) as from_,
        closing(sqlite3.connect(name)) as to,
    ):
        to.execute("PRAGMA journal_mode = OFF")  # a journal would have a name, and look for the file's
        Path(name).unlink()
        from_.execute("BEGIN")  # what is looked at is what is copied
        _must_be_sound(from_, source)
        from_.backup(to)
        to.close()
        yield copy


def check_sqlite(file: Path) -> None:
    """Look whether a SQLite database is sound.

    :raises Refused: it is not
    """
    with closing(sqlite3.connect(file)) as connection:
        _must_be_sound(connection, file)


def _must_be_sound(connection: sqlite3.Connection, file: Path) -> None:
    try:
        found = [str(line) for (line,) in connection.execute("PRAGMA quick_check")]
    except sqlite3.DatabaseError as error:
        found = [str(error)]
    if found != ["ok"]:
        raise Refused(f"{file.name} is damaged: {found[0]}")


def _sha256(part: BinaryIO) -> str:
    part.seek(0)
    digest = hashlib.sha256()
    while chunk := part.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _manifest(text: bytes) -> Manifest:
    plain: dict[str, Any] = json.loads(text)
    manifest = Manifest(**plain)
    if not {SECRET_KEY, RECEIPT_KEYS, DATABASES[manifest.database]} <= manifest.files.keys():
        raise ValueError("its manifest is not complete")
    return manifest


def _read(archive: tarfile.TarFile, name: str, most: int) -> bytes:
    member = archive.getmember(name)
    opened = archive.extractfile(member)
    if opened is None or member.size > most:
        raise ValueError(f"{name} is no file of a backup")
    return opened.read()


def _extract(archive: tarfile.TarFile, name: str, target: Path) -> str:
    opened = archive.extractfile(archive.getmember(name))
    if opened is None:
        raise ValueError(f"{name} is no file")
    digest = hashlib.sha256()
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        while chunk := opened.read(_CHUNK):
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()
