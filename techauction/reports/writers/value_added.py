"""The value-added report as JSON, CSV and text."""

import json
from collections.abc import Iterator
from decimal import Decimal

from techauction.core.value_added import ValueAdded
from techauction.reports.value_added import ValueAddedReport, as_json
from techauction.reports.writers.cells import csv_lines, exact_yuan, table
from techauction.reports.writers.settlement_notes import marks

_HEADER = (
    "分组 Group",
    "代码 Key",
    "中文名称 Name in Chinese",
    "英文名称 Name in English",
    "开拍标的 Lots offered",
    "成交标的 Lots sold",
    "协议成交 Lots agreed",
    "撤销标的 Lots void",
    "起拍价合计（元） Start prices (yuan)",
    "成交标的起拍价（元） Start prices of lots sold (yuan)",
    "成交价合计（元） Hammer prices (yuan)",
    "增值额（元） Value added (yuan)",
    "增值率（%） Value-added rate (%)",
    "企业 Enterprises",
    "报价次数 Bids",
)
_GROUPS = {"field": "领域 field", "market": "市场 market", "institute": "科研院所 institute"}
_TOTAL = "合计 total"


def write_json(compiled: ValueAddedReport) -> str:
    """Return the report as one JSON text."""
    return json.dumps(as_json(compiled), ensure_ascii=False, indent=2) + "\n"


def write_csv(compiled: ValueAddedReport) -> Iterator[str]:
    """Yield the report as the lines of a CSV file: a row each group, and the totals last.

    What must not be taken for a real sale says so in a row before the header.
    """
    rows: list[tuple[str | int | Decimal, ...]] = [*((mark,) for mark in marks(compiled)), _HEADER]
    for grouping, groups in compiled.by.items():
        rows += [
            (_GROUPS[grouping], group.key, group.name.zh, group.name.en, *_cells(group.sums, group.sums.enterprises))
            for group in groups
        ]
    rows.append((_TOTAL, compiled.slug, compiled.title.zh, compiled.title.en, *_cells(compiled.totals, compiled.enterprises)))
    return csv_lines(rows)


def write_table(compiled: ValueAddedReport) -> str:
    """Return the report by field, and the totals, as a table of text in 万元."""
    rows: list[tuple[str, ...]] = [
        ("", "开拍 offered", "成交 sold", "起拍价 start 万元", "成交价 hammer 万元", "增值额 added 万元", "增值率 rate %")
    ]
    rows += [_line(f"{group.name.zh} {group.name.en}", group.sums) for group in compiled.by["field"]]
    return table([*rows, _line(_TOTAL, compiled.totals)])


def _line(name: str, sums: ValueAdded) -> tuple[str, ...]:
    return (
        name,
        str(sums.lots_offered),
        str(sums.lots_sold),
        sums.start.in_wan(),
        sums.hammer.in_wan(),
        sums.value_added.in_wan(),
        sums.value_added_rate,
    )


def _cells(sums: ValueAdded, enterprises: int) -> tuple[int | Decimal, ...]:
    return (
        sums.lots_offered,
        sums.lots_sold,
        sums.lots_agreed,
        sums.lots_void,
        exact_yuan(sums.start),
        exact_yuan(sums.sold_start),
        exact_yuan(sums.hammer),
        exact_yuan(sums.value_added),
        Decimal(sums.value_added_rate),
        enterprises,
        sums.bids,
    )
