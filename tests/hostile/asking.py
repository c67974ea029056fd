"""Asking every address in every way that the table of hostile values gives, without asking everything in every way."""

import inspect
import io
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from http import HTTPStatus
from itertools import cycle
from typing import Any
from urllib.parse import quote, urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule
from werkzeug.test import EnvironBuilder, TestResponse

from techauction.core.approval import Act
from techauction.store.people import Role
from techauction.web.guard import GATE
from tests.hostile import values
from tests.hostile.forms import Form, Pairs, forms_of
from tests.hostile.house import Actor, House, Place

_NAMED = re.compile(r"request\.(?:form|args|values)\.get(?:list)?\(\s*\"([a-z_-]+)\"|\"([a-z_-]+)\" in request\.(?:form|args)")
_FORMS = 2
"""So many forms with different fields are tried at one address."""


@dataclass(frozen=True)
class Door:
    """One address and method."""

    rule: Rule
    method: str

    def __str__(self) -> str:
        return f"{self.method} {self.rule.rule}"


@dataclass(frozen=True)
class Call:
    """One request."""

    door: Door
    actor: Actor
    path: str
    query: str = ""
    data: Any = None
    content_type: str | None = None

    def __str__(self) -> str:
        said = repr(self.data)
        return f"{self.actor.name}: {self.door.method} {self.path[:300]}?{self.query[:200]} {said[:600]}"


def doors(app: Flask) -> list[Door]:
    """Return every address of the app, and each of its methods."""
    found = [
        Door(rule, method)
        for rule in app.url_map.iter_rules()
        for method in sorted(rule.methods or ())
        if method not in ("HEAD", "OPTIONS") and rule.endpoint != "static"
    ]
    return sorted(found, key=str)


def admitted(app: Flask, door: Door, actors: list[Actor]) -> list[Actor]:
    """Return who gets past the gate of the door, those first to whom something here belongs."""
    blueprint = door.rule.endpoint.rpartition(".")[0]
    gates = [getattr(gate, GATE) for gate in app.before_request_funcs.get(blueprint, []) if hasattr(gate, GATE)]
    inside = [each for each in actors if not gates or (each.role is not None and all(each.role in gate for gate in gates))]
    return sorted(inside, key=lambda each: each.foreign)


def address(door: Door, place: Mapping[str, Any]) -> str:
    """Return the door's path with the place's values in it, quoted; what is hostile comes through as it is."""
    path = "".join(
        quote(str(place.get(part, 1)), safe="", errors="surrogatepass") if dynamic else part
        for dynamic, part in door.rule._trace  # noqa: SLF001 (werkzeug tells it nowhere else)
    )
    return path.partition("|")[2]


def ask(house: House, call: Call) -> TestResponse:
    """Ask."""
    headers = {**call.actor.headers, "Accept-Language": "en"}
    if call.actor.token and call.path.startswith("/api/"):
        headers = {"Accept-Language": "en", "Authorization": f"Bearer {call.actor.token}"}
    path = f"{call.path}?{call.query}" if call.query else call.path
    builder = EnvironBuilder(method=call.door.method, path=path, headers=headers, content_type=call.content_type)
    if isinstance(call.data, bytes):
        builder.input_stream = io.BytesIO(call.data)
        builder.content_length = len(call.data)
    elif call.data is not None and not any(isinstance(value, tuple) for _, value in call.data):
        body = "&".join(f"{name}={quote(value, safe='', errors='surrogatepass')}" for name, value in call.data).encode()
        builder.input_stream, builder.content_length = io.BytesIO(body), len(body)
        builder.content_type = call.content_type or "application/x-www-form-urlencoded"
    elif call.data is not None:
        for name, value in call.data:
            builder.files.add(name, value) if isinstance(value, tuple) else builder.form.add(name, value)
    return house.client().open(builder)


def readers(app: Flask, door: Door, actors: list[Actor]) -> list[Actor]:
    """Return one of each role to whom something here belongs, who gets past the gate; two, where there is none."""
    inside = [each for each in admitted(app, door, actors) if not each.foreign]
    one_each = {each.role: each for each in reversed(inside)}
    kinds = (None, Role.ENTERPRISE) if None in one_each else tuple(one_each)
    return [one_each[kind] for kind in kinds]


def walk(house: House, found: list[Door]) -> Iterator[Call]:
    """Yield a look at every page in every stage by those who may see it."""
    for door in found:
        if door.method == "GET":
            for actor in readers(house.process.app, door, house.actors):
                for path in dict.fromkeys(address(door, place) for place in house.places):
                    yield Call(door, actor, path)


class Seen:
    """The forms that pages show, by the address that they lead to, and by its endpoint."""

    def __init__(self, app: Flask) -> None:
        self._adapter = app.url_map.bind("localhost")
        self.at: dict[str, list[tuple[Actor, Form]]] = defaultdict(list)
        self.of: dict[str, list[Form]] = defaultdict(list)

    def look(self, call: Call, answer: TestResponse) -> None:
        """Keep the forms of an answer."""
        if answer.status_code != HTTPStatus.OK or answer.mimetype != "text/html":
            return
        for form in forms_of(answer.text, call.path):
            path = urlsplit(form.action).path
            try:
                endpoint, _ = self._adapter.match(path, "POST")
            except HTTPException:
                continue
            if all(set(each.fields) != set(form.fields) for _, each in self.at[path]):
                self.at[path].append((call.actor, form))
            known = self.of[str(endpoint)]
            if all(set(each.fields) != set(form.fields) for each in known) and len(known) < _FORMS:
                known.append(form)


@cache
def named(view: Any) -> frozenset[str]:
    """Return the names that the module of a view asks for by itself."""
    source = inspect.getsource(inspect.getmodule(inspect.unwrap(view)) or view)
    return frozenset(one or other for one, other in _NAMED.findall(source))


def lawful(house: House, door: Door, seen: Seen) -> Iterator[Call]:
    """Yield what is sent at a door as its page would send it; where no page shows its form, as another lot's page would."""
    app = house.process.app
    inside = admitted(app, door, house.actors) or house.actors[:1]
    names = sorted(named(app.view_functions[door.rule.endpoint]))
    known = [form.filled() for form in seen.of[door.rule.endpoint]] or [[(name, "1") for name in names]]
    others = cycle(inside)
    for number, (path, place) in enumerate(places_of(house, door).items()):
        for actor, form in seen.at.get(path, ()):
            yield Call(door, actor, path, data=_body(actor, form.filled()))
        if path not in seen.at:
            yield Call(door, inside[0], path, data=_body(inside[0], _here(known[number % len(known)], place)))
        if number % 5 == 0:
            actor = next(others)
            yield Call(door, actor, path, data=_body(actor, _here(known[0], place)))
    for actor in house.actors:
        if actor not in inside:
            yield Call(door, actor, next(iter(places_of(house, door))), data=_body(actor, known[0]))


def places_of(house: House, door: Door) -> dict[str, Place]:
    """Return the paths of a door, each with the place that it is about."""
    acts = tuple(Act) if "act" in door.rule.arguments else ("",)
    every = ({**place, "act": str(act)} for place in house.places for act in acts)
    return {address(door, place): place for place in every}


def hostile(house: House, door: Door, home: Call | None, *, many: int) -> Iterator[Call]:
    """Yield `many` hostile values in each part of the address, and in each field of what is best sent at the door."""
    chance = random.Random(str(door))
    wrong = [*values.WHOLE, *values.TEXTS, *values.NEVER]
    inside = cycle(admitted(house.process.app, door, house.actors) or house.actors[:1])
    some, data = cycle(house.places), None if home is None else home.data
    for name in sorted(door.rule.arguments):
        for value in chance.sample(wrong, many):
            actor = next(inside)
            yield Call(door, actor, address(door, {**next(some), name: value}), data=data and _body(actor, data))
    for name in sorted({*named(house.process.app.view_functions[door.rule.endpoint]), "page", "lang"}):
        for value in chance.sample(wrong, many):
            query = f"{name}={quote(value, safe='', errors='surrogatepass')}&{name}=1"
            yield Call(door, next(inside), address(door, next(some)), query, data)
    if home is not None:
        yield from _wrong_bodies(home, wrong, chance, many)


def _wrong_bodies(home: Call, wrong: list[str], chance: random.Random, many: int) -> Iterator[Call]:
    def call(pairs: Any) -> Call:
        return replace(home, data=_body(home.actor, pairs))

    said: Pairs = [pair for pair in home.data if pair[0] != "csrf_token"]
    file = (io.BytesIO(b"PK"), "a.xlsx")
    for number, name in enumerate(dict(said)):
        rest = [pair for pair in said if pair[0] != name]
        for value in chance.sample(wrong, many):
            yield call([*rest, (name, value)])
        if number % 2 == 0:
            yield call((rest, [*said, (name, chance.choice(wrong))], [*rest, (name, file)])[number // 2 % 3])
    yield call([(name, values.LONG if number == 0 else value) for number, (name, value) in enumerate(said)])
    yield call([])
    kinds = ("application/json", "multipart/form-data", "multipart/form-data; boundary=x", "text/\x80")
    yield replace(home, data=b'{"a": "\xff\xed\xa0\x80', content_type=chance.choice(kinds))


def _here(said: Pairs, place: Place) -> Pairs:
    """Return what a form says, about this place's lot where it names one."""
    here = {"lot": place["lot_id"], "lots": place["number"], "lot_ids": place["lot_id"], "seq": place["seq"]}
    return [(name, str(here.get(name, value))) for name, value in said]


def _body(actor: Actor, pairs: Any) -> Any:
    return [("csrf_token", actor.csrf), *((name, value) for name, value in pairs if name != "csrf_token")]
