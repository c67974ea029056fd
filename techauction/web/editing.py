"""Forms that change what is kept: who comes second is shown what the first changed, and nothing is overwritten in silence."""

from collections.abc import Mapping
from typing import ClassVar

from flask_babel import gettext as _
from wtforms import BooleanField, Field, HiddenField, SelectField, SelectMultipleField

from techauction.core import seen
from techauction.core.seen import ChangedMeanwhile, Marks, marks_of
from techauction.web.fields import Form, TextRead
from techauction.web.filters import NOTHING, listed
from techauction.wording import say


class EditForm(Form):
    """A form that carries marks of what it was filled with, and compares them when it comes back."""

    CALLED: ClassVar[Mapping[str, str]] = {}
    """Values that the form calls otherwise than the use case does."""

    seen = HiddenField()

    def carry(self, values: Mapping[str, object]) -> None:
        """Have the form carry marks of the values that it shows."""
        self.seen.data, self.seen.raw_data = seen.written(marks_of(values)), None

    def marks(self) -> Marks:
        """Return the marks of what its sender was shown."""
        return seen.read(self.seen.data or "")

    def conflict(
        self,
        refusal: ChangedMeanwhile,
        *,
        mine: Mapping[str, object],
        kept: Mapping[str, object],
        theirs: "EditForm | None" = None,
    ) -> None:
        """Say beside each field what another wrote there meanwhile, and keep what was typed.

        `mine` is what was sent, `kept` what is kept now, and `theirs` the form filled with that. What its sender had left
        alone is taken over. Sent again, the form means what it shows.
        """
        shown, sent = self.marks(), marks_of(mine)
        for name in refusal.names:
            field = self._fields.get(self.CALLED.get(name, name))
            other = None if theirs is None or field is None else theirs._fields[field.short_name]
            if field is None or other is None:
                continue
            if sent.get(name) == shown.get(name):
                field.data, field.raw_data = other.data, None
                said = _("Another changed this meanwhile; what stands here now is theirs.")
            elif sent.get(name) == marks_of(kept)[name]:
                continue
            else:
                said = _(
                    "Another changed this meanwhile to: %(theirs)s. Here stands yours; send it again to keep yours.",
                    theirs=text_of(other),
                )
            field.errors = [*field.errors, said]
        self.form_errors.append(say(refusal))
        self.carry(kept)


def text_of(field: Field) -> str:
    """Return what a field holds, as its reader would say it."""
    if isinstance(field, BooleanField):
        return str(_("yes") if field.data else _("no"))
    if isinstance(field, SelectField):
        chosen = field.data if isinstance(field, SelectMultipleField) else [field.data]
        named = {str(choice[0]): str(choice[1]) for choice in field.choices or ()}
        return listed(named.get(str(each), str(each)) for each in chosen or ()) or NOTHING
    if isinstance(field, TextRead):
        return NOTHING if field.data is None else field.written(field.data).replace("T", " ")
    return str(field.data or NOTHING)
