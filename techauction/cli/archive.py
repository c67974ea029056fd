"""Backups: one file with the database, its keys but for the private ones of custody, and a manifest with the hash of each."""

import hashlib
import json
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from techauction.cli.instance import Refused
from techauction.custody import PUBLIC
from techauction.receipts import FILE

MANIFEST, SECRET_KEY, RECEIPT_KEYS, CUSTODY_PUBLIC = "manifest.json", "secret_key", FILE, PUBLIC
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


def pack(file: Path, parts: Mapping[str, Path], *, made_at: str, version: str, database: str, revision: str) -> Manifest:
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
        files={name: sha256(part) for name, part in sorted(parts.items())},
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    with working_folder(file.parent) as folder:
        (folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=2) + "\n", "utf-8")
        unfinished = folder / "backup.tar.gz"
        with tarfile.open(unfinished, "w:gz") as archive:
            for name, part in ((MANIFEST, folder / MANIFEST), *sorted(parts.items())):
                archive.add(part, name, recursive=False)
        unfinished.chmod(0o600)
        os.link(unfinished, file)
    return manifest


def unpack(file: Path, folder: Path) -> Manifest:
    """Write a backup's parts into `folder`, and return its manifest.

    :raises Refused: it is no backup of ours, or was changed or cut
    """
    try:
        with tarfile.open(file, "r:gz") as archive:
            manifest = _manifest(_read(archive, MANIFEST, _MOST_MANIFEST))
            for name, wanted in manifest.files.items():
                if name not in (SECRET_KEY, RECEIPT_KEYS, CUSTODY_PUBLIC, DATABASES[manifest.database]):
                    raise Refused(f"{file} holds {name}, which no backup has")
                if _extract(archive, name, folder / name) != wanted:
                    raise Refused(f"{file} was changed: {name} is not what its manifest says")
    except (tarfile.TarError, EOFError, OSError, KeyError, TypeError, ValueError) as error:
        raise Refused(f"{file} cannot be read as a backup: {error}") from error
    return manifest


@contextmanager
def working_folder(beside: Path) -> Iterator[Path]:
    """Yield a folder that only its owner may read, on the same disk as `beside`; it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=".techauction-", dir=beside) as folder:
        yield Path(folder)


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a SQLite database as it stands at one instant; a sale may run meanwhile.

    :raises Refused: the copy is damaged
    """
    with (
        closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True, timeout=10)) as from_,
        closing(sqlite3.connect(target)) as to,
    ):
        from_.backup(to)
        # The copy is one file: without a WAL beside it.
        to.execute("PRAGMA journal_mode = DELETE")
    check_sqlite(target)


def check_sqlite(file: Path) -> None:
    """Look whether a SQLite database is sound.

    :raises Refused: it is not
    """
    with closing(sqlite3.connect(file)) as connection:
        try:
            found = [str(line) for (line,) in connection.execute("PRAGMA quick_check")]
        except sqlite3.DatabaseError as error:
            found = [str(error)]
    if found != ["ok"]:
        raise Refused(f"{file.name} is damaged: {found[0]}")


def sha256(file: Path) -> str:
    """Return a file's SHA-256 (hex)."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


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
