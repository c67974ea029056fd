"""One frozen set of settings an installation."""

import os
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from techauction.files import write_secret

_PACKAGE = Path(__file__).parent
SHIPPED = _PACKAGE / "_shipped" if (_PACKAGE / "_shipped").is_dir() else _PACKAGE.parent
"""Where templates, static files and migrations are: inside an installed wheel, or at the top of a checkout."""


class SettingsUnreadable(Exception):
    """A settings file or variable says something that cannot be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an installation may decide for itself.

    Read from `<instance>/settings.toml`, then from variables `TECHAUCTION_<NAME>`. `trusted_proxies`: how many reverse proxies
    stand before the server. `https_only`: cookies go over HTTPS only. `argon2_memory_kib`, `argon2_time`: the hash cost.
    `session_hours`: how long a sign-in lasts after its last use; `session_most_hours`: how long at most.
    `queue_places`: offers that may wait for the auctioneer. `bids_per_second`: offers and acts that one bidder may make.
    `api_calls_per_minute`: other calls of the API that may come by one token. `custody_keys`: the file with the private keys
    that open reserves and sealed offers, where it is not to lie in the instance directory. `smtp_url`: the mail server that
    takes notices; without it they go into files. `public_url`: the address by which people reach the house, which links in
    mails begin with; without it they have none.
    """

    instance: Path
    secret_key: str
    database_url: str
    demo: bool = False
    https_only: bool = False
    trusted_proxies: int = 0
    metrics_token: str = ""
    rate_limits: bool = True
    argon2_memory_kib: int = 65_536
    argon2_time: int = 3
    session_hours: int = 12
    session_most_hours: int = 24
    queue_places: int = 10_000
    bids_per_second: int = 20
    api_calls_per_minute: int = 600
    custody_keys: str = ""
    smtp_url: str = ""
    public_url: str = ""

    @property
    def exports(self) -> Path:
        """Return where exports are written."""
        return self.instance / "exports"


def load(instance: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of an instance directory; its secret key is made at the first start (mode 600).

    :raises SettingsUnreadable: a value is of the wrong type, or a name is unknown
    """
    instance = instance.resolve()
    instance.mkdir(parents=True, exist_ok=True)
    said = load_said(instance)
    known = {each.name: each.type for each in fields(Settings)}
    for name in known:
        if (value := environ.get(f"TECHAUCTION_{name.upper()}")) is not None and name != "instance":
            said[name] = value
    unknown = set(said) - set(known) | ({"instance"} & set(said))
    if unknown:
        raise SettingsUnreadable(f"unknown settings: {', '.join(sorted(unknown))}")
    said.setdefault("database_url", f"sqlite:///{instance / 'techauction.db'}")
    if not said.get("secret_key"):
        said["secret_key"] = _secret_key(instance / "secret_key")
    return Settings(instance=instance, **{name: _typed(name, known[name], value) for name, value in said.items()})  # type: ignore[arg-type]


def load_said(instance: Path) -> dict[str, object]:
    """Return what the settings file of an instance directory says; nothing where there is none.

    :raises SettingsUnreadable: it is no TOML
    """
    file = instance / "settings.toml"
    if not file.is_file():
        return {}
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsUnreadable(f"{file}: {error}") from error


def _typed(name: str, kind: object, value: object) -> object:
    if kind in (bool, "bool"):
        if isinstance(value, str) and value.lower() in ("1", "true", "yes", "0", "false", "no", ""):
            return value.lower() in ("1", "true", "yes")
        if isinstance(value, bool):
            return value
    elif kind in (int, "int"):
        if isinstance(value, str) and value.isascii() and value.isdigit():
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    elif isinstance(value, str):
        return value
    raise SettingsUnreadable(f"setting {name} cannot be {value!r}")


def _secret_key(file: Path) -> str:
    if not file.exists():
        write_secret(file, secrets.token_hex(32), once=True)
    return file.read_text("ascii").strip()
