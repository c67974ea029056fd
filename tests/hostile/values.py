"""What an attacker, a broken program or a careless person writes where something else belongs: one table for all tests."""

WHOLE = (
    "0",
    "-1",
    "2147483647",
    "2147483648",
    "9223372036854775807",
    "9223372036854775808",
    "9" * 20,
    "9" * 400,
    "9" * 5_000,
    "000000000000000000001",
    "1e5",
    "0x10",
    "+1",
    "１２",
    "٣",
    "1.0",
)
"""Where a whole number belongs."""

TEXTS = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\udc80",
    "a\ud800b",
    "\u202eabc\u200f",
    "\ufeff",
    "\uffff\U0010ffff",
    "=HYPERLINK(1)",
    "@SUM(A1)",
    "<script>alert(1)</script>",
    "'; DROP TABLE lots; --",
    "{{ 7 * 7 }} %s %(a)s {0}",
    "../../etc/passwd",
    "line\r\nSet-Cookie: a=b",
    "，" * 300,
    "x" * 3_000,
    "１２３万",
    "1.2亿",
    "NaN",
    "Infinity",
    "-0",
    "1e400",
    "0.000000001",
    "2026-02-30T25:61",
    "9999-12-31T23:59",
    "0001-01-01T00:00",
    "2026-11-02T10:00+99:99",
    "2026-11-02",
    "null",
    "[]",
    "\U00020000" * 200,
)
"""Where a text, a sum, a time or a choice belongs."""

LONG = "x" * 1_000_000
"""What takes room; for some forms only, because it takes time too."""

NEVER = ("a-key-of-nobody", "no-such-round", "1234", "00000000-0000-0000-0000-000000000000")
"""Names that nobody has."""

JSON = (
    "null",
    "true",
    "-1",
    "0",
    "1.5",
    "1e400",
    "1E2",
    "NaN",
    "-Infinity",
    "9" * 20,
    "9" * 400,
    "9" * 5_000,
    '""',
    '"1"',
    '"\\u0000"',
    '"\\ud800"',
    '"\\u202e"',
    '"' + "x" * 3_000 + '"',
    "[]",
    "{}",
    '[{"a": [null]}]',
    "[" * 500 + "]" * 500,
    "[" * 100_000,
    '{"a":' * 50_000,
    "{",
    "",
    "\ufeff1",
    "2147483648",
    "9223372036854775807",
    "9223372036854775808",
)
"""Instead of a value in JSON, as it is written."""
