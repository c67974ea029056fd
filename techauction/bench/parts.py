"""The benchmark's parts: what each measures, in which columns, and how."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A number of a run, as the table shows it."""

    heading: str
    places: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the benchmark."""

    title: str
    columns: tuple[str, ...]
    method: str


COLUMNS = {
    "rate": Column("offered/s"),
    "accepted_per_s": Column("accepted/s"),
    "refused_per_s": Column("refused/s"),
    "p50_ms": Column("p50 ms", 1),
    "p99_ms": Column("p99 ms", 1),
    "longest_ms": Column("longest ms", 1),
    "answered_p50_ms": Column("p50 ms after the answer", 1),
    "kb_each": Column("KB a watcher", 1),
    "dropped": Column("dropped"),
    "heard_per_s": Column("told a watcher/s", 1),
    "least_ms": Column("least ms", 1),
    "said_p99_ms": Column("p99 ms by its own word", 1),
    "unknown": Column("unknown"),
    "loaded_s": Column("loaded in s", 1),
    "verified": Column("verified"),
    "written": Column("workbooks"),
    "client_cpu": Column("CPU client", 2),
    "server_cpu": Column("CPU server", 2),
}

_BIDS = ("accepted_per_s", "refused_per_s", "p50_ms", "p99_ms", "client_cpu", "server_cpu")

PARTS = {
    "a": Part(
        "Accepted durable bids on one hot lot",
        _BIDS,
        """\
32 clients; every client sends its next offer when it has the answer to the last; over HTTP by a load process of its own, each
request with session cookie, CSRF token and key, the bidder's sign-in, paddle, admission and deposit looked up, a hash-chained
row in the record, a signed receipt, and every commit durable before its answer. Rate limits are off: one client bids as fast as
fifty. Accepted are answers 201 alone. After each run the whole record is replayed by the rules and compared with what was
acknowledged: nothing is lost, doubled or left out, or there are no figures. The naive path is served by the same server on the
same schema, without receipts. The function on PostgreSQL checks state and amount, keeps the record's row and moves the lot:
no web, sign-in, eligibility, key or receipt, and every call is taken. Of both references the best number of connections
counts.""",
    ),
    "b": Part("Sixty lots", _BIDS, "As a), with the offers going round sixty open lots."),
    "c": Part(
        "Latency at a fixed rate",
        ("rate", "accepted_per_s", "p50_ms", "p99_ms", "longest_ms", "client_cpu", "server_cpu"),
        """\
One hot lot; offers fall due at even distances at a share of what a) took in the same run, whatever became of those before, and
latency counts from when an offer was due: a stall is charged to every offer that it kept waiting. 256 connections.""",
    ),
    "d": Part(
        "One event to the last of all watchers",
        ("p50_ms", "p99_ms", "longest_ms", "answered_p50_ms", "kb_each", "dropped", "client_cpu"),
        """\
From the moment a bid is sent (nchan: a message of the same length) to the moment the last stream has it: with us that is
the whole way, rules, durable commit and receipt included. A new bid is made when all have the last one and 0.12 s are over, so
that telling ten times a second holds none back. Memory: what the server's processes hold more, for each stream.""",
    ),
    "e": Part(
        "Bids at 200 a second while 1,000 watch",
        ("rate", "accepted_per_s", "p50_ms", "p99_ms", "longest_ms", "heard_per_s", "dropped", "client_cpu", "server_cpu"),
        "As c), with 1,000 streams of the same lot open in another process.",
    ),
    "f": Part(
        "Sixty lots that close in the same instant",
        ("p50_ms", "p99_ms", "longest_ms", "least_ms", "said_p99_ms"),
        """\
How long after `closes_at` a hammer was found committed by another process that looks every millisecond; all lots were bid on.
By its own word: the instant in the record. Several processes wait for each other's word that what was here before the close is
decided.""",
    ),
    "g": Part("The same as a) on PostgreSQL", _BIDS, "As a); the workers are processes on one port."),
    "h": Part(
        "A bid to a rival's screen",
        ("p50_ms", "p99_ms", "longest_ms", "dropped"),
        """\
From the sending of a bid over HTTP to its price in the page of another bidder, which is open in a real Chromium on the same
machine: rules, durable commit, stream and the page's own script included, the drawing of the picture not. Two a second.
Dropped are bids that the page never showed.""",
    ),
    "i": Part(
        "Bids at 200 a second while the house does its longest work",
        (
            "rate",
            "accepted_per_s",
            "p50_ms",
            "p99_ms",
            "longest_ms",
            "unknown",
            "loaded_s",
            "verified",
            "written",
            "client_cpu",
            "server_cpu",
        ),
        """\
As c), on a lot with 24,000 bids: meanwhile a round of 900 lots and 880 enterprises, each admitted to every lot, is created over
the API, and again and again the record of those bids is verified and the settlement's workbook written from a page. Unknown are
offers without an answer.""",
    ),
}
