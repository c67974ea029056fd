"""The six fields and the four markets of the Yangtze River Delta."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _named(table: str, *more: sa.ColumnClause[str]) -> sa.TableClause:
    columns = (("key", sa.String), ("position", sa.Integer), ("name_zh", sa.String), ("name_en", sa.String))
    return sa.table(table, *(sa.column(name, kind) for name, kind in columns), *more)


FIELDS = _named("fields")
MARKETS = _named("markets", sa.column("telephone", sa.String))
FIELD_NAMES = (
    ("digital", "数字经济", "Digital economy"),
    ("manufacturing", "先进制造", "Advanced manufacturing"),
    ("life", "生命健康", "Life and health"),
    ("materials", "新材料", "New materials"),
    ("energy", "节能环保", "Energy saving and environmental protection"),
    ("agriculture", "农业林业", "Agriculture and forestry"),
)
MARKET_NAMES = (
    ("shanghai", "上海技术交易市场", "Shanghai Technology Exchange"),
    ("jiangsu", "江苏技术交易市场", "Jiangsu Technology Exchange"),
    ("zhejiang", "浙江技术交易市场", "Zhejiang Technology Exchange"),
    ("anhui", "安徽技术交易市场", "Anhui Technology Exchange"),
)


def upgrade() -> None:
    op.bulk_insert(
        FIELDS,
        [{"key": key, "position": place, "name_zh": zh, "name_en": en} for place, (key, zh, en) in enumerate(FIELD_NAMES, 1)],
    )
    op.bulk_insert(
        MARKETS,
        [
            {"key": key, "position": place, "name_zh": zh, "name_en": en, "telephone": ""}
            for place, (key, zh, en) in enumerate(MARKET_NAMES, 1)
        ],
    )


def downgrade() -> None:
    op.execute(sa.delete(FIELDS))
    op.execute(sa.delete(MARKETS))
