"""Pages for signing in, one's account, and teams."""

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from portal.accounts import login, services
from portal.accounts.forms import SignInForm
from portal.db import unit_of_work
from portal.web.pages import safe_next

blueprint = Blueprint("accounts", __name__)


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """The sign-in page; leads on to the page that was wanted."""
    wanted = safe_next(request.values.get("next"), "/")
    if login.signed_in():
        return redirect(wanted)
    form = SignInForm()
    form.next.data = wanted
    if not form.validate_on_submit():
        return render_template("accounts/sign_in.html", form=form)
    with unit_of_work() as session:
        signed_in = services.sign_in(session, email=form.email.data, password=form.password.data)
    if signed_in is None:
        form.form_errors.append("The e-mail address or the password is not right. Check both and try again.")
        return render_template("accounts/sign_in.html", form=form), 422
    login.begin(*signed_in)
    return redirect(wanted)


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End this sign-in, here and on the server."""
    with unit_of_work() as session:
        services.sign_out(session, login.current_token())
    login.end()
    return redirect("/sign-in")
