"""What an administrator writes about users and organisations."""

from collections.abc import Iterable
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, EmailField, PasswordField, RadioField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from techauction.core import credit_code as codes
from techauction.core.accounts import CreditCodeTaken, MarketNeeded, SignInNameTaken
from techauction.core.days import NothingSpecial, SpecialDayKnown
from techauction.core.refusal import Refusal
from techauction.core.terms import LONGEST_NAME
from techauction.db import db
from techauction.queries.choices import Choice
from techauction.services.accounts import code_must_be_free
from techauction.store.people import OrganisationKind, Role
from techauction.web.account.first import NewSignIn, fit_password
from techauction.web.editing import EditForm
from techauction.web.fields import Beside, CheckboxesField, DayField, Form, SaidBeside, an_email_address, choices, keyed
from techauction.wording import PROVINCES

_HOUSE_ROLES = (Role.ORGANIZER, Role.MANAGER, Role.AUDITOR, Role.ADMINISTRATOR)


class UserForm(NewSignIn):
    """What every new user has."""

    BESIDE: ClassVar[Beside] = {SignInNameTaken: "sign_in_name"}

    name = StringField(_l("Name"), [InputRequired(_l("Write the name.")), Length(max=80)])
    sign_in_name = StringField(_l("Sign-in name"), [InputRequired(_l("Write a sign-in name.")), Length(max=120)])
    password = PasswordField(_l("First password"), [InputRequired(_l("Write a first password."))])


class HouseUserForm(UserForm):
    """A user of the house itself: of a market, or over all of them."""

    role = RadioField(_l("Role"), [InputRequired(_l("Choose a role."))])
    market_key = SelectField(_l("Market"))
    field_keys = CheckboxesField(_l("Fields whose cases a manager takes"))
    email = EmailField(_l("E-mail"), [Optional(), Length(max=200), an_email_address()])

    def validate_market_key(self, field: Any) -> None:
        """Say beside the market if the role needs one."""
        if self.role.data in (Role.ORGANIZER, Role.MANAGER) and not field.data:
            raise SaidBeside(MarketNeeded())

    def offer(self, markets: Iterable[Choice], fields: Iterable[Choice]) -> None:
        """Fill in what may be chosen."""
        self.role.choices = choices(_HOUSE_ROLES)
        self.market_key.choices = [("", "—"), *keyed(markets)]
        self.field_keys.choices = keyed(fields)


class OrganisationUserForm(UserForm):
    """A user of an organisation."""

    role = RadioField(_l("Signs in as"), [InputRequired(_l("Choose a role."))])
    sealing_officer = BooleanField(_l("Sealing officer: seals the institute's reserves"))

    def offer(self) -> None:
        """Fill in what may be chosen."""
        self.role.choices = [
            (Role.INSTITUTE.value, str(_l("Institute: consigns results"))),
            (Role.ENTERPRISE.value, str(_l("Enterprise: bids"))),
        ]


class OrganisationForm(OrganisationUserForm):
    """An organisation and its first user."""

    BESIDE: ClassVar[Beside] = {
        **UserForm.BESIDE,
        CreditCodeTaken: "credit_code",
    }

    kind = SelectField(_l("Kind"))
    name_zh = StringField(_l("Name in Chinese"), [InputRequired(_l("Write the Chinese name.")), Length(max=LONGEST_NAME)])
    name_en = StringField(_l("Name in English"), [Length(max=LONGEST_NAME)])
    credit_code = StringField(_l("Unified social credit code"), [InputRequired(_l("Write the credit code.")), Length(max=40)])
    code_unchecked = BooleanField(_l("The code stands so on the licence, though its last character does not check"))
    province = SelectField(_l("Province"), [InputRequired(_l("Choose a province."))])
    market_key = SelectField(_l("Market"), [InputRequired(_l("Choose a market."))])
    telephone = StringField(_l("Telephone"), [Length(max=40)])

    def validate_credit_code(self, field: Any) -> None:
        """Say beside the code if it is none, or is another's."""
        try:
            code_must_be_free(db.session(), codes.read(field.data, unchecked=bool(self.code_unchecked.data)))
        except Refusal as refusal:
            raise SaidBeside(refusal) from refusal

    def offer_all(self, markets: Iterable[Choice]) -> None:
        """Fill in what may be chosen."""
        self.offer()
        self.kind.choices = choices(OrganisationKind)
        self.province.choices = [("", ""), *PROVINCES.items()]
        self.market_key.choices = [("", ""), *keyed(markets)]


class PasswordForm(Form):
    """A new password for somebody else."""

    sign_in_name = ""
    password = PasswordField(_l("New password"), [InputRequired(_l("Write a new password."))])

    def validate_password(self, field: Any) -> None:
        """Say beside the password if it is not good enough."""
        fit_password(field, sign_in_name=self.sign_in_name)


class DayNamesForm(EditForm):
    """What a special day is called."""

    name_zh = StringField(_l("Name in Chinese"), [DataRequired(_l("Write the Chinese name.")), Length(max=80)])
    name_en = StringField(_l("Name in English"), [Length(max=80)])

    def names(self) -> dict[str, str]:
        """Return both names; the Chinese one stands for an English one that was not written."""
        return {"name_zh": str(self.name_zh.data), "name_en": self.name_en.data or str(self.name_zh.data)}


class SpecialDayForm(DayNamesForm):
    """A day on which work differs from the week."""

    BESIDE: ClassVar[Beside] = {NothingSpecial: "works", SpecialDayKnown: "day"}

    day = DayField(_l("Day"), [InputRequired(_l("Write the day."))])
    works = RadioField(
        _l("Work"),
        [InputRequired(_l("Choose one of them."))],
        choices=[("off", _l("A weekday off")), ("works", _l("A Saturday or Sunday on which people work"))],
    )

    def is_working(self) -> bool:
        """Return whether people work on the day."""
        return bool(self.works.data == "works")
