"""The days of 2020 to 2026 on which work differs from the week.

Taken from the library chinesecalendar 1.11 (its constants): weekdays off, and the Saturdays and Sundays on which people work to
make up for them; 2020 with the Spring Festival as it was prolonged. What counts is the State Council's yearly notice: compare
the days with it. An administrator adds the years that follow.
"""

from collections.abc import Iterator
from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SPECIAL_DAYS = sa.table(
    "special_days",
    sa.column("day", sa.Date),
    sa.column("works", sa.Boolean),
    sa.column("name_zh", sa.String),
    sa.column("name_en", sa.String),
)
NAMES = {
    "new_year": ("元旦", "New Year's Day"),
    "spring": ("春节", "Spring Festival"),
    "tombs": ("清明节", "Tomb-sweeping Day"),
    "labour": ("劳动节", "Labour Day"),
    "boats": ("端午节", "Dragon Boat Festival"),
    "autumn": ("中秋节", "Mid-autumn Festival"),
    "national": ("国庆节", "National Day"),
}
DAYS = (
    (2020, "new_year", "01-01", ""),
    (2020, "spring", "01-24 01-27 01-28 01-29 01-30 01-31", "01-19"),
    (2020, "tombs", "04-06", ""),
    (2020, "labour", "05-01 05-04 05-05", "04-26 05-09"),
    (2020, "boats", "06-25 06-26", "06-28"),
    (2020, "national", "10-01 10-02 10-05 10-06 10-07 10-08", "09-27 10-10"),
    (2021, "new_year", "01-01", ""),
    (2021, "spring", "02-11 02-12 02-15 02-16 02-17", "02-07 02-20"),
    (2021, "tombs", "04-05", ""),
    (2021, "labour", "05-03 05-04 05-05", "04-25 05-08"),
    (2021, "boats", "06-14", ""),
    (2021, "autumn", "09-20 09-21", "09-18"),
    (2021, "national", "10-01 10-04 10-05 10-06 10-07", "09-26 10-09"),
    (2022, "new_year", "01-03", ""),
    (2022, "spring", "01-31 02-01 02-02 02-03 02-04", "01-29 01-30"),
    (2022, "tombs", "04-04 04-05", "04-02"),
    (2022, "labour", "05-02 05-03 05-04", "04-24 05-07"),
    (2022, "boats", "06-03", ""),
    (2022, "autumn", "09-12", ""),
    (2022, "national", "10-03 10-04 10-05 10-06 10-07", "10-08 10-09"),
    (2023, "new_year", "01-02", ""),
    (2023, "spring", "01-23 01-24 01-25 01-26 01-27", "01-28 01-29"),
    (2023, "tombs", "04-05", ""),
    (2023, "labour", "05-01 05-02 05-03", "04-23 05-06"),
    (2023, "boats", "06-22 06-23", "06-25"),
    (2023, "autumn", "09-29", ""),
    (2023, "national", "10-02 10-03 10-04 10-05 10-06", "10-07 10-08"),
    (2024, "new_year", "01-01", ""),
    (2024, "spring", "02-12 02-13 02-14 02-15 02-16", "02-04 02-18"),
    (2024, "tombs", "04-04 04-05", "04-07"),
    (2024, "labour", "05-01 05-02 05-03", "04-28 05-11"),
    (2024, "boats", "06-10", ""),
    (2024, "autumn", "09-16 09-17", "09-14"),
    (2024, "national", "10-01 10-02 10-03 10-04 10-07", "09-29 10-12"),
    (2025, "new_year", "01-01", ""),
    (2025, "spring", "01-28 01-29 01-30 01-31 02-03 02-04", "01-26 02-08"),
    (2025, "tombs", "04-04", ""),
    (2025, "labour", "05-01 05-02 05-05", "04-27"),
    (2025, "boats", "06-02", ""),
    (2025, "national", "10-01 10-02 10-03 10-07 10-08", "09-28 10-11"),
    (2025, "autumn", "10-06", ""),
    (2026, "new_year", "01-01 01-02", "01-04"),
    (2026, "spring", "02-16 02-17 02-18 02-19 02-20 02-23", "02-14 02-28"),
    (2026, "tombs", "04-06", ""),
    (2026, "labour", "05-01 05-04 05-05", "05-09"),
    (2026, "boats", "06-19", ""),
    (2026, "autumn", "09-25", ""),
    (2026, "national", "10-01 10-02 10-05 10-06 10-07", "09-20 10-10"),
)
"""Year, festival, days off from Monday to Friday, Saturdays and Sundays that people work."""


def _rows() -> Iterator[dict[str, object]]:
    for year, festival, off, made_up in DAYS:
        zh, en = NAMES[festival]
        for works, days in ((False, off), (True, made_up)):
            for day in days.split():
                yield {"day": date.fromisoformat(f"{year}-{day}"), "works": works, "name_zh": zh, "name_en": en}


def upgrade() -> None:
    op.bulk_insert(SPECIAL_DAYS, list(_rows()))


def downgrade() -> None:
    op.execute(sa.delete(SPECIAL_DAYS).where(SPECIAL_DAYS.c.day.in_([row["day"] for row in _rows()])))
