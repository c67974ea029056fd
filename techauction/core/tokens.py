"""API tokens: what they may be made for, and when they do not hold."""

from collections.abc import Collection
from enum import StrEnum

from techauction.core.refusal import Refusal

MOST_TOKENS = 20
"""So many tokens of one user may hold at a time."""


class TokenScope(StrEnum):
    """What a token may be used for. The order is the one in which a token's scopes are kept."""

    READ = "read"
    BID = "bid"
    ORGANIZE = "organize"


class TokenEnded(Refusal):
    """The token is unknown, has expired or was revoked; which of them is not said."""

    code = "token_ended"


class ScopeMissing(Refusal):
    """The caller may not do this: the token lacks the scope, or the account's role has no such scope."""

    code = "scope_missing"

    def __init__(self, scope: TokenScope) -> None:
        super().__init__(scope=scope.value)


class NoScopeChosen(Refusal):
    """A token without a scope would be of no use."""

    code = "no_scope_chosen"


class ScopeNotYours(Refusal):
    """The user's role has no use for the scope."""

    code = "scope_not_yours"

    def __init__(self, scope: TokenScope) -> None:
        super().__init__(scope=scope.value)


class TooManyTokens(Refusal):
    """The user has as many tokens as one may have."""

    code = "too_many_tokens"

    def __init__(self) -> None:
        super().__init__(most=MOST_TOKENS)


def chosen(scopes: Collection[TokenScope], allowed: Collection[TokenScope], *, held: int) -> frozenset[TokenScope]:
    """Return the scopes of a new token of a user of whom `held` tokens hold.

    :raises NoScopeChosen, ScopeNotYours, TooManyTokens: as they say
    """
    if not scopes:
        raise NoScopeChosen
    for scope in scopes:
        if scope not in allowed:
            raise ScopeNotYours(scope)
    if held >= MOST_TOKENS:
        raise TooManyTokens
    return frozenset(scopes)
