"""How values are written on a page."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum

from flask import Flask
from flask_babel import format_date
from flask_babel import gettext as _

from techauction import wording
from techauction.clock import SHANGHAI
from techauction.core.capitals import in_capitals
from techauction.core.money import FEN_PER_WAN, Money
from techauction.core.names import Name
from techauction.wording import act, in_chinese, notice, province, say, word
from techauction.wording.words import maturity

_APART = re.compile(r"(?<=[。；！？：，、）])\s+(?=(?:<[^>]+>)*[\u3400-\u9fff（“])")
NOTHING = "—"
_TIMES = {
    "day": "%Y-%m-%d",
    "minute": "%Y-%m-%d %H:%M",
    "second": "%Y-%m-%d %H:%M:%S",
    "clock": "%H:%M:%S",
    "microsecond": "%Y-%m-%d %H:%M:%S.%f",
}


def money(sum_: Money | None) -> str:
    """Return a sum in yuan: `¥2,000,000`."""
    return NOTHING if sum_ is None else str(sum_)


def wan(sum_: Money | None) -> str:
    """Return a sum as headlines write it: `200万元` in Chinese, `¥2,000,000` in English. Always exact."""
    if sum_ is None:
        return NOTHING
    if not in_chinese() or abs(sum_.minor) < FEN_PER_WAN:
        return str(sum_)
    whole, _point, part = sum_.in_wan().partition(".")
    return f"{int(whole):,}{'.' + part if part else ''}万元"


def daxie(sum_: Money) -> str:
    """Return a sum in the capital numerals of contracts: `贰佰万元整`."""
    return in_capitals(sum_)


def when(at: datetime | None, until: str = "second") -> str:
    """Return an instant as a clock in Shanghai shows it, to the `day`, `minute`, `second`, `ms` or `microsecond`."""
    if at is None:
        return NOTHING
    local = at.astimezone(SHANGHAI)
    if until == "ms":
        return f"{local:%Y-%m-%d %H:%M:%S}.{local.microsecond // 1000:03d}"
    return local.strftime(_TIMES[until])


def named(name: Name | None) -> str:
    """Return the name in the reader's language; the other one where there is none."""
    return NOTHING if name is None else wording.named(name)


def listed(words: Iterable[object]) -> str:
    """Return the words as one sentence lists them."""
    return ("、" if in_chinese() else ", ").join(map(str, words))


def fen(count: int | None) -> str:
    """Return a sum that is kept as whole fen, as JSON has it."""
    return NOTHING if count is None else str(Money(count))


def instant(text: str) -> datetime:
    """Return an instant that is kept as text, as JSON has it."""
    return datetime.fromisoformat(text)


def titled(shown: Mapping[str, str]) -> str:
    """Return a title that is kept in two languages, as JSON has it."""
    return wording.named(Name(shown["title_zh"], shown["title_en"]))


def percent(rate: str | None) -> str:
    """Return a rate that is a string in per cent (`"39.57"`) with its sign."""
    return NOTHING if rate is None else f"{rate}%"


def bps(points: int) -> str:
    """Return basis points as per cent: 1,000 is `10%`."""
    whole, part = divmod(points, 100)
    return f"{whole}.{part:02d}".rstrip("0").rstrip(".") + "%" if part else f"{whole}%"


def duration(period: timedelta | int) -> str:
    """Return a period in its two largest units; whole numbers are seconds."""
    seconds = int(period.total_seconds()) if isinstance(period, timedelta) else period
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, rest = divmod(rest, 60)
    parts = [
        _("%(count)d d", count=days) if days else "",
        _("%(count)d h", count=hours) if hours else "",
        _("%(count)d min", count=minutes) if minutes else "",
        _("%(count)d s", count=rest) if rest else "",
    ]
    said = [part for part in parts if part]
    return ("" if in_chinese() else " ").join(said[:2]) if said else _("%(count)d s", count=0)


def weekday(day: date) -> str:
    """Return the name of a day of the week."""
    return str(format_date(day, "EEEE"))


def said(member: StrEnum | None) -> str:
    """Return the word for a member of an enumeration."""
    return NOTHING if member is None else str(word(member))


def close_up(markup: str) -> str:
    """Return Chinese sentences that a template sets one after another, without the space that stands between others."""
    return type(markup)(_APART.sub("", markup))  # markup stays markup


def register(app: Flask) -> None:
    """Give templates the filters."""
    named_filters: dict[str, Callable[..., str | datetime]] = {
        "money": money,
        "wan": wan,
        "daxie": daxie,
        "when": when,
        "named": named,
        "listed": listed,
        "fen": fen,
        "instant": instant,
        "titled": titled,
        "percent": percent,
        "bps": bps,
        "duration": duration,
        "weekday": weekday,
        "word": said,
        "act": act,
        "notice": notice,
        "close_up": close_up,
        "refusal": say,
        "maturity": maturity,
        "province": province,
    }
    for name, filter_ in named_filters.items():
        app.add_template_filter(filter_, name)
