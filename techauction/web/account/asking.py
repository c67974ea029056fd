"""Asking somebody to sign in: on a page of its own, or in the place of what needs it."""

from http import HTTPStatus

from flask import g, jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from techauction.identity import TOKEN_KEY, NotSignedIn
from techauction.web import keeping
from techauction.web.fields import Form
from techauction.wording import say


class SignInForm(Form):
    """A name and a password, where to go then, and what was written before."""

    sign_in_name = StringField(_l("Sign-in name"), [InputRequired(_l("Write your sign-in name.")), Length(max=120)])
    password = PasswordField(_l("Password"), [InputRequired(_l("Write your password.")), Length(max=200)])
    next = HiddenField()
    kept = HiddenField()


def page(form: SignInForm) -> str:
    """Return the page with the form; it says so where a sign-in has ended, and where something written is kept."""
    g.private = True
    return render_template("account/sign_in.html", form=form, ended=TOKEN_KEY in session, keeps=bool(form.kept.data))


def sign_in_first() -> ResponseReturnValue:
    """Answer a request that needs a sign-in: a script by a refusal, a form by the sign-in that keeps what was written."""
    g.private = True
    if by_script():
        return refused_script()
    if request.method == "GET":
        here = request.full_path if request.query_string else request.path
        return redirect(url_for("account.sign_in", next=here), 303)
    kept = keeping.written()
    if kept is None or not kept.fields:
        return redirect(url_for("account.sign_in", next=keeping.page_before()), 303)
    session.pop("_flashes", None)  # that it is back is said at its form
    form = SignInForm(formdata=None)
    form.kept.data = kept.packed()
    form.next.data = kept.page
    return page(form), HTTPStatus.UNAUTHORIZED


def by_script() -> bool:
    """Return whether a page's script asks, which reads no page."""
    return "X-CSRF-Token" in request.headers or request.accept_mimetypes.best == "application/json"


def refused_script() -> ResponseReturnValue:
    """Return the refusal that tells a script to lead to the sign-in."""
    refusal = NotSignedIn()
    answer = jsonify(type="about:blank", title=say(refusal), status=HTTPStatus.UNAUTHORIZED, code=refusal.code)
    answer.mimetype = "application/problem+json"
    return answer, HTTPStatus.UNAUTHORIZED


def out_of_date() -> ResponseReturnValue | None:
    """Answer a post without the sign-in's token: by the way back to its form; nothing where that would not help.

    A page that is brought back and has no token again has no cookies. What another site sent is kept from nobody's form.
    """
    if by_script():
        return refused_script()
    if keeping.SHOW in request.form:
        return None
    if request.endpoint == "account.sign_in" and keeping.comes_from_own_page():
        form = SignInForm(request.form)
        form.form_errors.append(_l("This page was out of date. Sign in once more."))
        return page(form), HTTPStatus.BAD_REQUEST
    kept = keeping.written()
    return (keeping.back_to_its_form(kept), HTTPStatus.BAD_REQUEST) if kept and kept.fields else None
