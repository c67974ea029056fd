"""Whether the process lives, whether it can work, and how it does."""

import hmac
import os
import time

from flask import Blueprint, Flask, Response, abort, current_app, g, jsonify, request
from flask.typing import ResponseReturnValue
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from techauction.db import db, files_stand
from techauction.saleroom.auctioneer import Auctioneer
from techauction.saleroom.readiness import Readiness
from techauction.web.context import house
from techauction.web.guard import comes_from_here

bp = Blueprint("health", __name__)
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})


class Metrics:
    """What the process counts, in a registry of its own."""

    def __init__(self, auctioneer_: Auctioneer) -> None:
        self.registry = CollectorRegistry()
        labels = ("endpoint", "method", "status")
        self.requests = Counter("techauction_requests", "Requests answered by pages.", labels, registry=self.registry)
        self.seconds = Histogram("techauction_request_seconds", "Time to answer.", ("endpoint",), registry=self.registry)
        waiting = Gauge("techauction_offers_waiting", "Offers and acts that wait.", registry=self.registry)
        waiting.set_function(lambda: auctioneer_.waiting)
        alive = Gauge("techauction_auctioneer_alive", "Whether the auctioneer is at work.", registry=self.registry)
        alive.set_function(lambda: auctioneer_.alive)
        ProcessCollector(registry=self.registry)
        process = Gauge(
            "techauction_process", "The process that answered, of those on the port.", ("pid",), registry=self.registry
        )
        process.labels(os.getpid()).set(1)

    def observe(self, response: Response) -> None:
        """Count a request."""
        endpoint = request.endpoint or "none"
        method = request.method if request.method in _METHODS else "other"
        self.requests.labels(endpoint, method, response.status_code).inc()
        if "began" in g:
            self.seconds.labels(endpoint).observe(time.perf_counter() - g.began)


@bp.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Say that the process lives."""
    return jsonify(alive=True)


@bp.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Say whether the house can take a bid: the database answers, the auctioneer is there, and what it writes is kept."""
    readiness: Readiness = current_app.extensions["readiness"]
    found = readiness.found() | ({} if files_stand(db.engine) else {"files": False})
    return jsonify(found), 200 if all(found.values()) else 503


@bp.get("/metrics")
def metrics() -> ResponseReturnValue:
    """Show the counts to this machine's own collector, or to one that has the token."""
    if not _may_collect():
        abort(404)
    kept: Metrics = current_app.extensions["metrics"]
    return Response(generate_latest(kept.registry), content_type=CONTENT_TYPE_LATEST)


def register(app: Flask, auctioneer_: Auctioneer) -> None:
    """Count the app's requests, and be ready to say whether it can work."""
    with app.app_context():
        app.extensions["readiness"] = Readiness(auctioneer_, db.engine)
    kept = app.extensions["metrics"] = Metrics(auctioneer_)

    @app.after_request
    def count(response: Response) -> Response:
        kept.observe(response)
        return response


def _may_collect() -> bool:
    token = house().settings.metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return (bool(token) and hmac.compare_digest(given.encode(), token.encode())) or comes_from_here()
