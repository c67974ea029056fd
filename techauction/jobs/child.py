"""The child that does one job: `python -m techauction.jobs.child`, asked by one line of JSON on its standard input.

It answers on its standard output: a refusal or nothing, then what the job yields, each pickled. It ends when its input is
closed.
"""

import json
import os
import pickle
import resource
import sys
from itertools import chain
from threading import Thread
from typing import IO

NICE = 10
_MOST_MEMORY = 4 * 1024**3


def main(asking: IO[bytes], answering: IO[bytes]) -> None:
    """Do the job that is asked for."""
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    asked = json.loads(asking.readline())
    Thread(target=_end_with, args=(asking,), daemon=True).start()
    _answer(asked["job"], asked["database_url"], asked["arguments"], answering)


def _answer(job: str, database_url: str, arguments: dict[str, object], answering: IO[bytes]) -> None:
    # To import the house takes a second: it ends with whoever asked meanwhile, too.
    from sqlalchemy.orm import Session  # noqa: PLC0415

    from techauction.core.refusal import Refusal  # noqa: PLC0415
    from techauction.db import make_reading_engine, snapshot  # noqa: PLC0415
    from techauction.jobs.long import JOBS, kept  # noqa: PLC0415

    os.nice(NICE)
    with Session(make_reading_engine(database_url)) as session:
        parts = JOBS[job](snapshot(session), **arguments)
        try:
            first = next(parts)
        except Refusal as refusal:
            pickle.dump(kept(refusal), answering)
        else:
            pickle.dump(None, answering)
            for part in chain([first], parts):
                pickle.dump(part, answering)
        answering.flush()


def _end_with(asking: IO[bytes]) -> None:
    """End when the process that asked has ended, however it did."""
    while os.read(asking.fileno(), 1):  # not through the buffer: its lock would be held when the interpreter ends
        pass
    os._exit(1)


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
