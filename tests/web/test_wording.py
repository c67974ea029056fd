import ast
import inspect
import pkgutil
import re
from datetime import UTC, datetime
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

import techauction
from techauction.core import round as rounds
from techauction.core import terms
from techauction.core.money import Money
from techauction.core.offer import BidTooLow
from techauction.core.refusal import Refusal
from techauction.core.round import Phase, Problem
from techauction.wording import act, problems, say, say_problem, word
from techauction.wording.acts import ACTS
from techauction.wording.sentences import SENTENCES
from techauction.wording.words import MATURITY, WORDS, maturity, word_within

LAYERS = ("core", "store", "services", "saleroom")


def _import_all() -> None:
    for module in pkgutil.walk_packages(techauction.__path__, "techauction."):
        if module.name.split(".")[1] in LAYERS:
            import_module(module.name)


def _example(refusal: type[Refusal]) -> Refusal:
    facts: dict[str, Any] = {}
    named = {} if refusal.__init__ is Refusal.__init__ else inspect.signature(refusal).parameters
    for name, parameter in named.items():
        kind = parameter.annotation
        if kind is Money:
            facts[name] = Money(123_456_789)
        elif kind is int:
            facts[name] = 7
        elif kind is str:
            facts[name] = "something"
        elif isinstance(kind, type) and issubclass(kind, StrEnum):
            facts[name] = next(iter(kind))
        elif kind in (datetime, datetime | None):
            facts[name] = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
        elif isinstance(kind, type) and issubclass(kind, datetime.__base__):
            facts[name] = datetime(2026, 11, 2, tzinfo=UTC).date()
        else:
            facts[name] = []
    return refusal(**facts)


def test_every_refusal_has_its_sentence(app: Flask) -> None:
    _import_all()

    assert set(Refusal.known) - set(SENTENCES) == set(), "add sentences in techauction/wording/sentences.py"
    with app.test_request_context("/?lang=en"):
        said = {code: say(_example(refusal)) for code, refusal in Refusal.known.items()}

    assert all(said.values())
    assert not [sentence for sentence in said.values() if "%(" in sentence or "datetime" in sentence]


def test_no_sentence_is_left_over() -> None:
    _import_all()

    assert set(SENTENCES) - set(Refusal.known) == set()


def test_a_sentence_carries_its_facts(app: Flask) -> None:
    with app.test_request_context("/?lang=en"):
        said = say(BidTooLow(Money(100), Money(220_000_000)))

    assert said == "The least lawful bid now is ¥2,200,000."


@pytest.mark.parametrize("kind", WORDS, ids=lambda kind: kind.__name__)
def test_every_member_has_its_word(kind: type[StrEnum], app: Flask) -> None:
    with app.test_request_context("/?lang=en"):
        assert {member.value for member in kind} == set(WORDS[kind])
        assert all(word(member) for member in kind)


def test_every_level_of_maturity_has_its_words(app: Flask) -> None:
    with app.test_request_context("/?lang=en"):
        assert [maturity(level)[:5] for level in MATURITY] == [f"TRL {level}" for level in range(1, 10)]


def test_every_problem_of_a_round_has_its_sentence(app: Flask) -> None:
    codes = set(re.findall(r'Problem\([^)]*"(\w+)"\)', inspect.getsource(rounds) + inspect.getsource(terms)))

    with app.test_request_context("/?lang=en"):
        said = [say_problem(Problem("closes_at", code)) for code in codes]

    assert codes == set(problems.SENTENCES)
    assert all(said)


def test_a_word_stands_alone_with_a_capital_and_small_within_a_sentence(app: Flask) -> None:
    with app.test_request_context("/?lang=en"):
        assert (word(Phase.CALLED_OFF), word_within(Phase.CALLED_OFF)) == ("Called off", "called off")


def test_every_act_of_the_audit_has_its_words(app: Flask) -> None:
    """Acts are named where their rows are made: `AuditRow(what="user.created")`, or through a helper named `_audit`."""
    named = {
        text.value
        for module in Path(techauction.__path__[0]).rglob("*.py")
        for call in ast.walk(ast.parse(module.read_text("utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "id", None) in ("AuditRow", "_audit")
        for text in ast.walk(call)
        if isinstance(text, ast.Constant) and re.fullmatch(r"[a-z_]+\.[a-z_]+", str(text.value))
    }

    assert len(named) > 40
    assert named - set(ACTS) == set(), "add words in techauction/wording/acts.py"
    with app.test_request_context("/?lang=en"):
        assert [act(code) for code in ("user.created", "an.older_one")] == ["User added", "an.older_one"]
