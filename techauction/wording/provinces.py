"""Where an organisation may be at home."""

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

PROVINCES: dict[str, LazyString] = {
    "Shanghai": _l("Shanghai"),
    "Jiangsu": _l("Jiangsu"),
    "Zhejiang": _l("Zhejiang"),
    "Anhui": _l("Anhui"),
    "Beijing": _l("Beijing"),
    "Tianjin": _l("Tianjin"),
    "Hebei": _l("Hebei"),
    "Shanxi": _l("Shanxi"),
    "Inner Mongolia": _l("Inner Mongolia"),
    "Liaoning": _l("Liaoning"),
    "Jilin": _l("Jilin"),
    "Heilongjiang": _l("Heilongjiang"),
    "Fujian": _l("Fujian"),
    "Jiangxi": _l("Jiangxi"),
    "Shandong": _l("Shandong"),
    "Henan": _l("Henan"),
    "Hubei": _l("Hubei"),
    "Hunan": _l("Hunan"),
    "Guangdong": _l("Guangdong"),
    "Guangxi": _l("Guangxi"),
    "Hainan": _l("Hainan"),
    "Chongqing": _l("Chongqing"),
    "Sichuan": _l("Sichuan"),
    "Guizhou": _l("Guizhou"),
    "Yunnan": _l("Yunnan"),
    "Tibet": _l("Tibet"),
    "Shaanxi": _l("Shaanxi"),
    "Gansu": _l("Gansu"),
    "Qinghai": _l("Qinghai"),
    "Ningxia": _l("Ningxia"),
    "Xinjiang": _l("Xinjiang"),
    "Hong Kong": _l("Hong Kong"),
    "Macao": _l("Macao"),
    "Taiwan": _l("Taiwan"),
}
"""The words for `core.provinces.PROVINCES`, in their order."""


def province(kept: str) -> str:
    """Return a province in the reader's language; what is none, as it is."""
    return str(PROVINCES.get(kept, kept))
