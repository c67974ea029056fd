"""A run's numbers, by the names of the tables' columns, from what the clients saw."""

from techauction.bench.browser_seen import BrowserSeen
from techauction.bench.busy import Work
from techauction.bench.closing import Closed
from techauction.bench.figures import percentile
from techauction.bench.load import Seen
from techauction.bench.report import Run
from techauction.bench.straight import Called
from techauction.bench.watching import Watched


def seen(seen: Seen) -> Run:
    """Return the run of what a load saw."""
    return {
        "accepted_per_s": seen.accepted / seen.seconds,
        "refused_per_s": sum(seen.refused.values()) / seen.seconds,
        "p50_ms": seen.p50_ms,
        "p99_ms": seen.p99_ms,
        "longest_ms": seen.longest_ms,
        "client_cpu": seen.client_cpu,
        "server_cpu": seen.server_cpu,
    }


def busy(seen_: Seen, work: Work, *, rate: float) -> Run:
    """Return the run of what bidders saw while the house did its longest work."""
    return {
        **seen(seen_),
        "rate": rate,
        "unknown": len(seen_.unsettled),
        "loaded_s": work.loaded_s,
        "verified": work.done["verification"],
        "written": work.done["workbook"],
    }


def called(called: Called) -> Run:
    """Return the run of what PostgreSQL's client saw."""
    return {
        "accepted_per_s": called.rate,
        "refused_per_s": 0.0,
        "p50_ms": called.p50_ms,
        "p99_ms": called.p99_ms,
        "client_cpu": called.client_cpu,
    }


def watched(watched: Watched) -> Run:
    """Return the run of what watchers saw."""
    to_last, after_answer = sorted(watched.to_last_ms), sorted(watched.after_answer_ms)
    return {
        "p50_ms": percentile(to_last, 50),
        "p99_ms": percentile(to_last, 99),
        "longest_ms": to_last[-1],
        "answered_p50_ms": percentile(after_answer, 50),
        "kb_each": watched.kb_each,
        "dropped": watched.dropped,
        "client_cpu": watched.client_cpu,
    }


def browser_seen(seen: BrowserSeen) -> Run:
    """Return the run of what a rival's page showed."""
    to_page = sorted(seen.to_page_ms)
    return {
        "p50_ms": percentile(to_page, 50) if to_page else None,
        "p99_ms": percentile(to_page, 99) if to_page else None,
        "longest_ms": to_page[-1] if to_page else None,
        "dropped": seen.missed,
    }


def closed(closed: Closed) -> Run:
    """Return the run of the hammers' lateness."""
    return {
        "p50_ms": percentile(closed.committed_ms, 50),
        "p99_ms": percentile(closed.committed_ms, 99),
        "longest_ms": closed.committed_ms[-1],
        "least_ms": min(closed.committed_ms[0], closed.said_ms[0]),
        "said_p99_ms": percentile(closed.said_ms, 99),
    }
