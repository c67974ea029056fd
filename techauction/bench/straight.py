"""The same transaction straight on PostgreSQL: a function call on the hot row, without web, sign-in, eligibility or key.

The function locks the lot's row, checks state and amount by the same rules, adds the row of the record with its hash, moves the
lot, and its commit is durable. It is made easy for it: the paddles alternate and the offer rises by one step over the price as
it stands under the lock, so every call is taken. The client is pgbench where there is one, else threads of psycopg.

As a process (`python -m techauction.bench.straight`, its plan on stdin) this module is that second client.
"""

import json
import os
import re
import resource
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from sqlalchemy.engine import make_url

from techauction.bench.failure import Miscounted, ServerLost
from techauction.bench.figures import percentile
from techauction.bench.instance import MAX_STEPS, Instance
from techauction.bench.postgresql import PostgreSQL

_FUNCTION = """
CREATE FUNCTION bench_bid(which integer, steps integer, most_steps integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  lot lots%ROWTYPE;
  decided timestamptz;
  price bigint;
  offered bigint;
  bidder integer;
  digest text;
BEGIN
  SELECT * INTO STRICT lot FROM lots WHERE id = which FOR UPDATE;
  decided := clock_timestamp();
  IF lot.stage <> 'open' OR decided < lot.opens_at OR decided >= lot.closes_at THEN
    RAISE EXCEPTION 'not open';
  END IF;
  price := coalesce(lot.standing_amount, lot.start);
  offered := price + steps * lot.increment;
  bidder := 201 + lot.seq % 2;
  IF bidder = lot.standing_paddle OR offered < price + lot.increment OR offered > price + most_steps * lot.increment
     OR (offered - price) % lot.increment <> 0 THEN
    RAISE EXCEPTION 'not lawful';
  END IF;
  digest := encode(sha256(convert_to(jsonb_build_object(
    'v', 1, 'lot', 'bench/1', 'seq', lot.seq + 1, 'kind', 'bid', 'at', decided, 'paddle', bidder, 'amount_fen', offered,
    'closes_at', lot.closes_at, 'data', '{"confirmed": false}'::jsonb, 'prev_hash', lot.head_hash)::text, 'UTF8')), 'hex');
  INSERT INTO record (lot_id, seq, run, kind, paddle, amount, closes_at, at, data, prev_hash, hash)
  VALUES (which, lot.seq + 1, lot.run, 'bid', bidder, offered, lot.closes_at, decided, '{"confirmed": false}',
          lot.head_hash, digest);
  UPDATE lots SET seq = lot.seq + 1, head_hash = digest, bids = lot.bids + 1, standing_paddle = bidder,
    standing_amount = offered, standing_at = decided WHERE id = which;
  RETURN lot.seq + 1;
END
$$
"""
_CALL = "SELECT bench_bid({lot_id}, 1, {most_steps})"
_PROCESSED = re.compile(r"number of transactions actually processed: (\d+)")
_RATE = re.compile(r"tps = ([0-9.]+) \(without initial connection time\)")
_FAILED = re.compile(r"number of failed transactions: (\d+)")


@dataclass(slots=True, kw_only=True)
class Called:
    """What a client saw: all calls that were answered, its figures over the measured seconds, and its share of a CPU."""

    calls: int = 0
    rate: float = 0.0
    latencies_ms: list[float] = field(default_factory=list)
    client_cpu: float = 0.0

    @property
    def p50_ms(self) -> float:
        """Return the median latency."""
        return percentile(self.latencies_ms, 50)

    @property
    def p99_ms(self) -> float:
        """Return the latency that 99 of 100 calls do not exceed."""
        return percentile(self.latencies_ms, 99)


def measure(server: PostgreSQL, instance: Instance, *, connections: int, warm_s: float, seconds: float) -> Called:
    """Return what a client saw on a copy of the instance's database, after its record was counted.

    :raises ServerLost: the client did not do its part
    :raises Miscounted: the record is not what was answered
    """
    with server.database(template=instance.settings().database_url) as url:
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(_FUNCTION)
        client = _by_pgbench if server.pgbench else _by_psycopg
        warmed = client(server, plain, instance.lot_ids[0], connections, warm_s)
        called = client(server, plain, instance.lot_ids[0], connections, seconds)
        with psycopg.connect(plain) as connection:
            kept = connection.execute(
                "SELECT count(*), max(seq) - min(seq) + 1, count(DISTINCT seq) FROM record WHERE lot_id = %s AND kind = 'bid'",
                [instance.lot_ids[0]],
            ).fetchone()
    expected = warmed.calls + called.calls
    if kept != (expected, expected, expected):
        raise Miscounted(f"PostgreSQL kept {kept} where {expected} calls were answered")
    return called


def _by_pgbench(server: PostgreSQL, url: str, lot_id: int, connections: int, seconds: float) -> Called:
    assert server.pgbench is not None
    with TemporaryDirectory() as folder:
        script = Path(folder, "bid.sql")
        script.write_text(_CALL.format(lot_id=lot_id, most_steps=MAX_STEPS) + ";\n", "ascii")
        length = str(max(round(seconds), 1))
        threads = str(min(connections, os.cpu_count() or 1))
        before = _children_cpu()
        options = ["-n", "-M", "prepared", "-c", str(connections), "-j", threads, "-T", length, "-f", str(script), "-l"]
        done = subprocess.run(  # noqa: S603 (the server's own client)
            [server.pgbench, *options, f"--log-prefix={folder}/log", url], capture_output=True, text=True, check=False
        )
        used = _children_cpu() - before
        processed, rate, failed = (each.search(done.stdout) for each in (_PROCESSED, _RATE, _FAILED))
        if done.returncode or processed is None or rate is None or (failed is not None and failed[1] != "0"):
            raise ServerLost(f"pgbench did not end well:\n{done.stderr[-2_000:]}")
        latencies = sorted(
            int(line.split(" ", 3)[2]) / 1_000
            for log in Path(folder).glob("log*")
            for line in log.read_text("ascii").splitlines()
        )
    return Called(calls=int(processed[1]), rate=float(rate[1]), latencies_ms=latencies, client_cpu=used / float(length))


def _by_psycopg(_server: PostgreSQL, url: str, lot_id: int, connections: int, seconds: float) -> Called:
    plan = {"url": url, "lot_id": lot_id, "connections": connections, "seconds": seconds}
    done = subprocess.run(
        [sys.executable, "-m", "techauction.bench.straight"], input=json.dumps(plan).encode(), capture_output=True, check=False
    )
    if done.returncode:
        raise ServerLost(f"the client of PostgreSQL did not end well:\n{done.stderr.decode(errors='replace')[-2_000:]}")
    return Called(**json.loads(done.stdout))


def call(*, url: str, lot_id: int, connections: int, seconds: float) -> Called:
    """Call the function on so many connections, a thread each."""
    latencies: list[list[float]] = [[] for _ in range(connections)]
    ready = threading.Barrier(connections + 1)
    done = threading.Event()

    def client(place: int) -> None:
        statement = _CALL.format(lot_id=lot_id, most_steps=MAX_STEPS)
        with psycopg.connect(url, autocommit=True, prepare_threshold=0) as connection:
            ready.wait()
            while not done.is_set():
                sent_at = time.perf_counter()
                connection.execute(statement)
                latencies[place].append((time.perf_counter() - sent_at) * 1000)

    threads = [threading.Thread(target=client, args=(place,)) for place in range(connections)]
    for each in threads:
        each.start()
    ready.wait()
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    time.sleep(seconds)
    done.set()
    for each in threads:
        each.join()
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    flat = sorted(each for one in latencies for each in one)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Called(calls=len(flat), rate=len(flat) / took, latencies_ms=flat, client_cpu=used / took)


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Call as stdin says."""
    json.dump(asdict(call(**json.load(sys.stdin))), sys.stdout)


if __name__ == "__main__":
    main()
