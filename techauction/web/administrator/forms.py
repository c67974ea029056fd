"""What an administrator writes about users and organisations."""

from collections.abc import Iterable
from typing import ClassVar

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, EmailField, PasswordField, RadioField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from techauction.core.accounts import (
    CreditCodeTaken,
    MarketNeeded,
    PasswordIsName,
    PasswordTooLong,
    PasswordTooShort,
    SignInNameTaken,
    SignInNameUnfit,
)
from techauction.core.credit_code import CreditCodeUnchecked, CreditCodeWrong
from techauction.core.days import NothingSpecial, SpecialDayKnown
from techauction.core.terms import LONGEST_NAME
from techauction.queries.choices import Choice
from techauction.store.people import OrganisationKind, Role
from techauction.web.editing import EditForm
from techauction.web.fields import Beside, CheckboxesField, DayField, Form, an_email_address, choices, keyed
from techauction.wording import PROVINCES

_HOUSE_ROLES = (Role.ORGANIZER, Role.MANAGER, Role.AUDITOR, Role.ADMINISTRATOR)
_PASSWORD_UNFIT: Beside = {PasswordTooShort: "password", PasswordTooLong: "password", PasswordIsName: "password"}


class UserForm(Form):
    """What every new user has."""

    BESIDE: ClassVar[Beside] = {SignInNameUnfit: "sign_in_name", SignInNameTaken: "sign_in_name", **_PASSWORD_UNFIT}

    name = StringField(_l("Name"), [InputRequired(_l("Write the name.")), Length(max=80)])
    sign_in_name = StringField(_l("Sign-in name"), [InputRequired(_l("Write a sign-in name.")), Length(max=120)])
    password = PasswordField(_l("First password"), [InputRequired(_l("Write a first password."))])


class HouseUserForm(UserForm):
    """A user of the house itself: of a market, or over all of them."""

    BESIDE: ClassVar[Beside] = {**UserForm.BESIDE, MarketNeeded: "market_key"}

    role = RadioField(_l("Role"), [InputRequired(_l("Choose a role."))])
    market_key = SelectField(_l("Market"))
    field_keys = CheckboxesField(_l("Fields whose cases a manager takes"))
    email = EmailField(_l("E-mail"), [Optional(), Length(max=200), an_email_address()])

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
        CreditCodeWrong: "credit_code",
        CreditCodeUnchecked: "credit_code",
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

    def offer_all(self, markets: Iterable[Choice]) -> None:
        """Fill in what may be chosen."""
        self.offer()
        self.kind.choices = choices(OrganisationKind)
        self.province.choices = [("", ""), *PROVINCES.items()]
        self.market_key.choices = [("", ""), *keyed(markets)]


class PasswordForm(Form):
    """A new password for somebody else."""

    BESIDE: ClassVar[Beside] = _PASSWORD_UNFIT

    password = PasswordField(_l("New password"), [InputRequired(_l("Write a new password."))])


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
