"""One word for one thing in every text that somebody reads, and Chinese as it is printed."""

import re
from pathlib import Path

from babel.messages.pofile import read_po

import techauction
from techauction.settings import SHIPPED

PACKAGE = Path(techauction.__path__[0])
CATALOGUE = PACKAGE / "translations" / "zh_Hans_CN" / "LC_MESSAGES" / "messages.po"
READ = [
    *PACKAGE.rglob("*.py"),
    *PACKAGE.rglob("*.json"),
    CATALOGUE,
    *(SHIPPED / "templates").rglob("*.html"),
    *(SHIPPED / "static" / "js").rglob("*.js"),
]
"""Workbook columns and bilingual reasons stand in Python, names of the demonstration in JSON, all else in the catalogue."""

WORDS = {
    "末尾哈希": "末位哈希",
    "未上拍": "未开拍",
    "未拍": "未开拍",
    "出价次数": "报价次数",
    "工作台": "控制台",
    "操作台": "控制台",
    "草案": "草稿",
    "竞拍": "竞价",
    "竞标": "竞价",
    "拍品": "标的",
    "拍卖品": "标的",
    "底价": "保留价",
    "起始价": "起拍价",
    "加价阶梯": "加价幅度",
    "加价梯度": "加价幅度",
    "竞买号码": "竞买号牌",
    "号码牌": "竞买号牌",
    "竞拍人": "竞买人",
    "投标": "报价",
    "代理报价": "委托报价",
    "代理出价": "委托报价",
    "自动出价": "委托报价",
    "委托价": "委托上限",
    "落锤": "落槌",
    "流标": "流拍",
    "押金": "保证金",
    "手续费": "佣金",
    "服务费": "佣金",
    "撤消": "撤销",
    "作废": "撤销",
    "审批": "复核",
    "经纪人": "技术经理人",
    "主办方": "主办市场",
    "组织方": "组织者",
    "卖家": "科研院所",
    "买家": "买方",
    "贵方市场": "贵市场",
    "机构 ": "院所 ",
    "看板": "大屏",
    "溢价": "增值",
    "帐户": "账户",
    "登陆": "登录",
}
"""Words that we do not say, and GLOSSARY's word for the thing."""

_HAN = "\u3400-\u9fff\u3001-\u3003\u3008-\u3011\uff01-\uff5e…"
_STRAY = re.compile(rf"(?<=[{_HAN}]) +(?=[{_HAN}A-Za-z0-9%¥“({{])|(?<=[A-Za-z0-9%¥”)}}]) +(?=[{_HAN}])")
_FACT = re.compile(r"%\((\w+)\)([sd])")


def sentences() -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return every sentence in English and in Chinese, each with its forms."""
    with CATALOGUE.open("rb") as opened:
        messages = [message for message in read_po(opened, locale="zh_Hans_CN") if message.id]
    return [(_forms(message.id), _forms(message.string)) for message in messages]


def _forms(text: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def test_one_thing_has_one_word() -> None:
    wrong = [
        f"{path.name}:{number}: {banned}, say {right}"
        for path in READ
        for number, line in _lines(path)
        for banned, right in WORDS.items()
        if banned in line.replace(right, "")
    ]

    assert len(READ) > 300
    assert wrong == []


def _lines(path: Path) -> list[tuple[int, str]]:
    return [(number, line) for number, line in enumerate(path.read_text("utf-8").splitlines(), 1) if not line.isascii()]


def test_no_space_stands_beside_a_chinese_sign() -> None:
    """Chinese is set without: `最后30秒内`. The distance to digits and letters is the style sheet's."""
    stray = [form for _said, chinese in sentences() for form in chinese if _STRAY.search(form)]

    assert len(sentences()) > 900
    assert stray == []


def test_every_sentence_can_be_filled_in() -> None:
    """Templates fill every sentence in, also one without facts: a percent sign alone would end in a failure of the page."""
    broken = []
    for said, chinese in sentences():
        facts: dict[str, int | str] = {name: 7 if kind == "d" else "x" for name, kind in _FACT.findall("".join(said))}
        for form in (*said, *chinese):
            try:
                form % (facts | {"num": 7})
            except (KeyError, TypeError, ValueError) as error:
                broken.append(f"{form}: {error}")

    assert broken == []


def test_no_value_follows_a_label_outside_its_sentence() -> None:
    """`{{ _("Reason:") }} {{ it }}` is `原因： it` in Chinese: the value has its place in the sentence, as `%(reason)s`."""
    inline = r"(span|time|code|a|b|strong)\b[^>]*>"
    label = re.compile(
        rf""":(["']\) \}}\}}|\{{% endtrans %\}})(</{inline})*(\s|&nbsp;)+(<{inline})?\s*(\{{\{{|\{{% for|</span>)"""
    )
    joined = re.compile(r"""join\(", "\)|["'], ["'] if""")
    templates = sorted((SHIPPED / "templates").rglob("*.html"))

    assert len(templates) > 50
    texts = {path.name: path.read_text("utf-8") for path in templates}
    assert [(name, found[0]) for name, text in texts.items() for found in label.finditer(text)] == []
    assert [name for name, text in texts.items() if joined.search(text)] == [], "lists go by the filter `listed`"


def test_the_first_column_of_every_table_has_a_head() -> None:
    """One without text is read out as `What can be done`, which is true of a column of buttons alone."""
    templates = sorted((SHIPPED / "templates").rglob("*.html"))
    empty = re.compile(r"""table\(\[\(?["']["']|<tr>\s*<t[dh][^>]*>\s*</t[dh]>\s*<th""")

    assert len(templates) > 50
    assert [path.name for path in templates if empty.search(path.read_text("utf-8"))] == []
