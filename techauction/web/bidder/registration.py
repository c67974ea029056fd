"""The one page on which an enterprise registers, before it has a sign-in."""

from typing import Any, ClassVar

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_limiter.util import get_remote_address
from flask_login import current_user
from wtforms import BooleanField, EmailField, PasswordField, SelectField, StringField, TelField
from wtforms.validators import EqualTo, InputRequired, Length, Regexp

from techauction.core import credit_code
from techauction.core.accounts import CreditCodeTaken, SignInNameTaken
from techauction.core.refusal import Refusal
from techauction.core.terms import LONGEST_NAME, LONGEST_PERSON
from techauction.db import db, transaction
from techauction.identity import passwords
from techauction.queries.choices import markets
from techauction.services.accounts import code_must_be_free
from techauction.services.registration import Enterprise, FirstUser, register
from techauction.web import languages, navigation, signing
from techauction.web.account.first import NewSignIn
from techauction.web.context import house, now
from techauction.web.fields import Beside, SaidBeside, an_email_address, keyed
from techauction.web.security import limiter
from techauction.wording import PROVINCES

bp = Blueprint("bidder_registration", __name__)

_NEEDED = _l("This is needed.")


class RegistrationForm(NewSignIn):
    """What an enterprise says of itself, and its first user's sign-in."""

    BESIDE: ClassVar[Beside] = {CreditCodeTaken: "credit_code", SignInNameTaken: "sign_in_name"}

    name_zh = StringField(_l("Name in Chinese"), [InputRequired(_NEEDED), Length(max=LONGEST_NAME)])
    name_en = StringField(_l("Name in English"), [Length(max=LONGEST_NAME)])
    credit_code = StringField(_l("Unified social credit code"), [InputRequired(_NEEDED), Length(max=40)])
    code_unchecked = BooleanField(_l("The code stands so on our licence, though its last character does not check"))
    province = SelectField(_l("Province"), [InputRequired(_NEEDED)])
    market = SelectField(_l("Market"), [InputRequired(_NEEDED)])
    legal_representative = StringField(_l("Legal representative"), [InputRequired(_NEEDED), Length(max=LONGEST_PERSON)])
    agent = StringField(_l("Authorised agent"), [InputRequired(_NEEDED), Length(max=LONGEST_PERSON)])
    telephone = TelField(
        _l("Telephone"),
        [
            InputRequired(_NEEDED),
            Regexp(r"^[+()0-9 -]{5,40}$", message=_l("Write a telephone number: digits, + - ( ) and spaces.")),
        ],
    )
    email = EmailField(
        _l("E-mail"),
        [InputRequired(_NEEDED), Length(max=200), an_email_address()],
    )
    sign_in_name = StringField(_l("Sign-in name"), [InputRequired(_NEEDED), Length(max=120)])
    password = PasswordField(_l("Password"), [InputRequired(_NEEDED)])
    again = PasswordField(
        _l("Password again"), [InputRequired(_l("Write it again.")), EqualTo("password", _l("The two are not the same."))]
    )

    def validate_credit_code(self, field: Any) -> None:
        """Say beside the code if it is none, or is another's."""
        try:
            code_must_be_free(db.session(), credit_code.read(field.data, unchecked=bool(self.code_unchecked.data)))
        except Refusal as refusal:
            raise SaidBeside(refusal) from refusal

    def enterprise(self) -> Enterprise:
        """Return what the enterprise says of itself."""
        return Enterprise(
            name_zh=str(self.name_zh.data),
            name_en=self.name_en.data or str(self.name_zh.data),
            credit_code=str(self.credit_code.data),
            province=str(self.province.data),
            market_key=str(self.market.data),
            legal_representative=str(self.legal_representative.data),
            agent=str(self.agent.data),
            telephone=str(self.telephone.data),
            code_unchecked=bool(self.code_unchecked.data),
        )


@bp.route("/register", methods=["GET", "POST"])
@limiter.limit("60 per hour", key_func=get_remote_address, methods=["POST"])
def registration() -> ResponseReturnValue:
    """Show the page, and register an enterprise; its first user is signed in at once."""
    g.private = True
    if current_user.is_authenticated:
        return redirect(navigation.home(), 303)

    form = RegistrationForm(request.form)
    form.province.choices = [("", ""), *PROVINCES.items()]
    form.market.choices = [("", ""), *keyed(markets(db.session()))]
    if request.method == "POST" and form.validate() and (user_id := _registered(form)) is not None:
        signing.begin(user_id)
        flash(
            _("Your enterprise is registered. Its market looks at it now; you hear of the decision here and by notice."),
            "success",
        )
        return redirect(url_for("bidder_paddles.paddles"), 303)
    return render_template("bidder/registration.html", form=form), 422 if form.errors else 200


def _registered(form: RegistrationForm) -> int | None:
    hashed = passwords(house().settings).hash(str(form.password.data))
    user = FirstUser(sign_in_name=str(form.sign_in_name.data), email=str(form.email.data), password_hash=hashed)
    try:
        with transaction() as session:
            return register(session, enterprise=form.enterprise(), user=user, locale=languages.current().locale, now=now()).id
    except Refusal as refusal:
        form.refuse(refusal)
        return None
