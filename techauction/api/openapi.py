"""The API's description: one table of what can be asked, made into an OpenAPI 3.1 document."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, cast

from pydantic import BaseModel, TypeAdapter

from techauction.api import shapes
from techauction.api.calls import PREFIX
from techauction.api.roundfile import RoundFile
from techauction.api.wire import A_PAGE, MOST_A_PAGE, MOST_PAGES
from techauction.core.tokens import TokenScope
from techauction.queries.published import PublishedRound

SAYS = {
    200: "Here it is.",
    201: "Done.",
    400: "The address has signs that no text has.",
    401: "Nobody is signed in, or the token does not hold (any more).",
    403: "The token or the account may not do this.",
    404: "There is no such thing, or it is not public.",
    409: "The lot's state does not allow the offer. The facts say why, and what would be lawful.",
    413: "More than is read.",
    422: "The call says something that cannot be.",
    429: "Too many calls.",
    503: "Too many offers wait, or the offer's fate is not known yet: ask by its key.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What can be asked at one path. `answer` is the shape of the answer, as it comes with `status`."""

    method: str
    path: str
    name: str
    summary: str
    description: str = ""
    scope: TokenScope
    or_scope: TokenScope | None = None
    tag: str
    parameters: tuple[dict[str, Any], ...] = ()
    body: type[BaseModel] | None = None
    status: int = 200
    answer: type[Any]
    kind: str = "application/json"
    problems: tuple[int, ...] = (401, 403, 422, 429)
    problem: type[BaseModel] = shapes.Problem


def _parameter(
    place: str, name: str, schema: dict[str, Any], description: str = "", *, required: bool = True
) -> dict[str, Any]:
    said = {"description": description} if description else {}
    return {"in": place, "name": name, "required": required, "schema": schema, **said}


def _whole(most: int, **more: Any) -> dict[str, Any]:
    return {"type": "integer", "minimum": 1, "maximum": most, **more}


_ID = _parameter("path", "lot_id", _whole(2**31 - 1))
_SLUG = _parameter("path", "slug", {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength": 64})
_PAGED = (
    _parameter("query", "page", _whole(MOST_PAGES, default=1), required=False),
    _parameter("query", "per_page", _whole(MOST_A_PAGE, default=A_PAGE), required=False),
)
_KEY = {"type": "string", "pattern": "^[A-Za-z0-9_-]{8,64}$"}
_IDEMPOTENCY = _parameter(
    "header",
    "Idempotency-Key",
    _KEY,
    "Names the offer among its bidder's. The same key again gets the first answer; with another body it is refused.",
)
_LOTS = _parameter(
    "query",
    "lots",
    {"type": "string", "pattern": "^[0-9]{1,15}(,[0-9]{1,15}){0,199}$"},
    "The ids of at most 200 lots: `1,2,3`.",
)

OPERATIONS: Sequence[Operation] = (
    Operation(
        method="get",
        path="/rounds",
        name="rounds",
        tag="rounds",
        summary="List the rounds, the latest first",
        scope=TokenScope.READ,
        parameters=_PAGED,
        answer=shapes.Rounds,
    ),
    Operation(
        method="post",
        path="/rounds",
        name="load",
        tag="rounds",
        summary="Create and publish a round with lots, enterprises and paddles",
        description="All of it, or nothing: a 422 names the first hundred faults, each with its JSON path, and how many `more` "
        "there are. At most 32 MB, 10,000 lots, 20,000 organisations and 1,000,000 admissions to lots. The host is the "
        "market that you work for. With `rehearsal: true` no notice is needed, and the round may open in seconds.",
        scope=TokenScope.ORGANIZE,
        body=RoundFile,
        status=201,
        answer=shapes.LoadedRound,
        problems=(401, 403, 413, 422, 429, 503),
        problem=shapes.RoundProblem,
    ),
    Operation(
        method="get",
        path="/rounds/{slug}",
        name="round",
        tag="rounds",
        summary="Tell a round",
        scope=TokenScope.READ,
        parameters=(_SLUG,),
        answer=PublishedRound,
        problems=(401, 403, 404, 429),
    ),
    Operation(
        method="get",
        path="/rounds/{slug}/lots",
        name="lots",
        tag="rounds",
        summary="List a round's lots by number, each with its present state",
        scope=TokenScope.READ,
        parameters=(_SLUG, *_PAGED),
        answer=shapes.Lots,
        problems=(401, 403, 404, 422, 429),
    ),
    Operation(
        method="get",
        path="/lots/{lot_id}",
        name="lot",
        tag="lots",
        summary="Tell a lot with its present state",
        scope=TokenScope.READ,
        parameters=(_ID,),
        answer=shapes.Lot,
        problems=(401, 403, 404, 429),
    ),
    Operation(
        method="get",
        path="/lots/{lot_id}/record",
        name="record",
        tag="lots",
        summary="Tell a lot's record, event after event",
        scope=TokenScope.READ,
        parameters=(_ID, *_PAGED),
        answer=shapes.Record,
        problems=(401, 403, 404, 422, 429),
    ),
    Operation(
        method="post",
        path="/lots/{lot_id}/bids",
        name="bid",
        tag="live",
        summary="Make an offer",
        description="Decided in order of arrival. A 503 with the code `unknown` is no refusal: the offer may stand. Ask by its "
        "key.",
        scope=TokenScope.BID,
        parameters=(_ID, _IDEMPOTENCY),
        body=shapes.Offer,
        status=201,
        answer=shapes.Bid,
        problems=(401, 403, 404, 409, 413, 422, 429, 503),
    ),
    Operation(
        method="get",
        path="/lots/{lot_id}/bids/by-key/{key}",
        name="fate",
        tag="live",
        summary="Ask what became of an offer",
        scope=TokenScope.BID,
        or_scope=TokenScope.READ,
        parameters=(_ID, _parameter("path", "key", _KEY)),
        answer=shapes.Fate,
        problems=(401, 403, 404, 503),
    ),
    Operation(
        method="delete",
        path="/lots/{lot_id}/bids/by-key/{key}",
        name="close_key",
        tag="live",
        summary="Close a key for good, so that a late packet can do nothing more",
        description="Answers what became of the offer, if one was decided before.",
        scope=TokenScope.BID,
        parameters=(_ID, _parameter("path", "key", _KEY)),
        answer=shapes.Fate,
        problems=(401, 403, 404, 429, 503),
    ),
    Operation(
        method="get",
        path="/live",
        name="live",
        tag="live",
        summary="Watch lots: a stream of server-sent events",
        description="Each event is named `lot`; its data is a `LotState`. The present states come first, so nothing needs to "
        "be replayed after a reconnect: take a state if its `seq` is newer than yours.",
        scope=TokenScope.READ,
        parameters=(_LOTS,),
        answer=str,
        kind="text/event-stream",
        problems=(401, 403, 404, 503),
    ),
)


def document() -> dict[str, object]:
    """Return the OpenAPI document."""
    paths: dict[str, dict[str, object]] = {}
    for each in OPERATIONS:
        paths.setdefault(PREFIX + each.path, {})[each.method] = _described(each)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "techauction",
            "version": version("techauction"),
            "description": "Joint auctions of scientific results. Every sum is a whole number of fen; every instant is ISO "
            "8601 with its offset. Tokens are made on the page of one's own account.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "tags": [
            {"name": "rounds", "description": "Rounds, and their lots"},
            {"name": "lots", "description": "Lots, and their records"},
            {"name": "live", "description": "Offers and streams, on the same paths as the browser's"},
        ],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token, with the scopes that an operation names",
                },
                "cookie": {"type": "apiKey", "in": "cookie", "name": "session", "description": "A browser's sign-in"},
                "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token", "description": "The sign-in's own token"},
            },
        },
    }


def _described(each: Operation) -> dict[str, object]:
    by_cookie: dict[str, list[str]] = {"cookie": []} if each.method == "get" else {"cookie": [], "csrf": []}
    answer = {"type": "string"} if each.answer is str else _to(each.answer)
    described: dict[str, object] = {
        "operationId": each.name,
        "summary": each.summary,
        "tags": [each.tag],
        "security": [*({"bearer": [scope.value]} for scope in (each.scope, each.or_scope) if scope), by_cookie],
        "parameters": list(each.parameters),
        "responses": {
            str(each.status): {"description": SAYS[each.status], "content": {each.kind: {"schema": answer}}},
            **{str(status): _problem(status, each.problem) for status in _statuses(each)},
        },
    }
    if each.description:
        described["description"] = each.description
    if each.body is not None:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": _to(each.body)}}}
    return described


def _statuses(each: Operation) -> list[int]:
    return sorted(each.problems if each.tag == "live" else {400, *each.problems})


def _problem(status: int, shape: type[BaseModel]) -> dict[str, object]:
    return {"description": SAYS[status], "content": {"application/problem+json": {"schema": _to(shape)}}}


def _to(shape: type[Any]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{shape.__name__}"}


def _schemas() -> dict[str, object]:
    """Return the shapes by name: what is answered as it is written, what is taken as it is read."""
    answers: list[Any] = [each.answer for each in OPERATIONS if each.answer is not str]
    answers += [*{each.problem for each in OPERATIONS}, shapes.LotState]
    bodies: list[Any] = [each.body for each in OPERATIONS if each.body is not None]
    asked = [(each, "serialization", TypeAdapter(each)) for each in answers]
    asked += [(each, "validation", TypeAdapter(each)) for each in bodies]
    _, found = TypeAdapter.json_schemas(cast("Any", asked), ref_template="#/components/schemas/{model}")
    return cast("dict[str, object]", found["$defs"])
