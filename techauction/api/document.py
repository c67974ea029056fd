"""The OpenAPI document, for everybody."""

from functools import lru_cache

from flask import Response
from flask.typing import ResponseReturnValue

from techauction.api.calls import blueprint
from techauction.api.openapi import document
from techauction.api.wire import packed

bp = blueprint("api_document", None)


@bp.get("/openapi.json")
def openapi() -> ResponseReturnValue:
    """Tell what the API takes and answers, the live paths with it."""
    return Response(_packed(), content_type="application/json")


@lru_cache(maxsize=1)
def _packed() -> str:
    return packed(document())
