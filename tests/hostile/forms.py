"""The forms of pages, read as a browser reads them, and filled by what each field is."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

Pairs = list[tuple[str, str]]
_BY_TYPE = {
    "number": "1",
    "email": "somebody@example.org",
    "tel": "0571 0000 0000",
    "date": "2026-12-24",
    "datetime-local": "2026-12-24T10:00",
    "password": "correct horse battery",
    "url": "https://example.org/",
}
_BY_NAME = {
    "credit_code": "91330000MA27XG9F1F",
    "slug": "another-round",
    "sign_in_name": "somebody.new",
    "paddle": "101",
    "amount": "300万",
    "ceiling": "400万",
    "reserve": "300万",
    "start": "200万",
    "increment": "10万",
    "day": "2027-03-01",
}
"""What only these words mean; every other field is filled by its type."""


@dataclass
class Form:
    """One way to post something: where to, and its fields with what stands in them or may be chosen."""

    action: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    button: tuple[str, str] | None = None

    def filled(self) -> Pairs:
        """Return what somebody would send who fills in everything."""
        said = [(name, self._value(name)) for name in self.fields]
        return said if self.button is None else [*said, self.button]

    def _value(self, name: str) -> str:
        kind, offered = self.types[name], [each for each in self.fields[name] if each]
        if kind in ("select", "radio", "checkbox", "hidden"):
            return offered[0] if offered else ""
        if offered and kind != "password":
            return offered[0]
        return _BY_NAME.get(name.rpartition("-")[2], _BY_TYPE.get(kind, "Something"))


class _Reader(HTMLParser):
    def __init__(self, path: str) -> None:
        super().__init__(convert_charrefs=True)
        self.path = path
        self.found: list[Form] = []
        self._form: Form | None = None
        self._select = self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        name = said.get("name", "")
        if tag == "form" and said.get("method", "get").lower() == "post":
            self._form = Form(said.get("action") or self.path)
            self.found.append(self._form)
        elif self._form is None or (not name and "formaction" not in said):
            if tag == "option" and self._select and self._form is not None:
                self._form.fields[self._select].append(said.get("value", ""))
        elif tag == "button":
            if "formaction" in said:  # the same form to another address
                button = (name, said.get("value", "1")) if name else None
                self.found.append(Form(said["formaction"], self._form.fields, self._form.types, button))
        elif tag in ("input", "select", "textarea"):
            self._form.types[name] = said.get("type", "text") if tag == "input" else tag
            self._form.fields.setdefault(name, []).append(said.get("value", ""))
            self._select = name if tag == "select" else ""
            self._area = name if tag == "textarea" else ""

    def handle_data(self, data: str) -> None:
        if self._area and self._form is not None:
            self._form.fields[self._area].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""


def forms_of(page: str, path: str) -> list[Form]:
    """Return the forms of a page that post something."""
    reader = _Reader(path)
    reader.feed(page)
    return [each for each in reader.found if each.action.startswith("/") or each.action == path]
