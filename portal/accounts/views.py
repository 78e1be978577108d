"""Pages for signing in, one's account, and teams."""

from datetime import datetime

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import clock
from portal.accounts import login, passwords, queries, services, sessions
from portal.accounts.forms import ChangePasswordForm, SignInForm
from portal.accounts.models import Person
from portal.db import db, unit_of_work
from portal.errors import Invalid, NotFound
from portal.settings import Settings
from portal.web.pages import safe_next

blueprint = Blueprint("accounts", __name__)

WRONG = "The e-mail address or the password is not right. Check both and try again."


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """The sign-in page; leads on to the page that was wanted."""
    wanted = safe_next(request.values.get("next"), "/")
    if login.signed_in() and request.method == "GET":
        return redirect(wanted)
    form = SignInForm()
    form.next.data = wanted
    if not form.is_submitted():
        return render_template("accounts/sign_in.html", form=form)
    if not form.validate():
        return render_template("accounts/sign_in.html", form=form), 422
    refused = login.attempt(form.email.data or "", form.password.data or "")
    if refused is None:
        return redirect(wanted)
    if refused.blocked_until:
        return _try_later("accounts/sign_in.html", form, refused.blocked_until)
    form.form_errors.append(WRONG)
    return render_template("accounts/sign_in.html", form=form), 422


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End this sign-in, here and on the server."""
    with unit_of_work() as session:
        services.sign_out(session, login.current_token(), by=login.current_person())
    login.end()
    flash("You are signed out.", "good")
    return redirect(url_for("accounts.sign_in"))


@blueprint.get("/account")
def account() -> ResponseReturnValue:
    """One's own details, teams and sign-ins."""
    me = login.current_person()
    token_hash = sessions.token_hash(login.current_token())
    found = sessions.of_person(db.session(), me, settings=_settings())
    return render_template(
        "accounts/account.html",
        person=me,
        teams=queries.teams_of(me),
        sign_ins=[(one, one.token_hash == token_hash) for one in found],
        zone=me.site.time_zone if me.site else "UTC",
    )


@blueprint.post("/account/sign-ins/end")
def end_sign_ins() -> ResponseReturnValue:
    """End one of one's sign-ins (`sign_in`: its id), or all but this one (`sign_in`: "others")."""
    which = request.form.get("sign_in", "")
    me = login.current_person()
    with unit_of_work() as session:
        if which == "others":
            ended = sessions.end_others(session, keep=login.current_token(), by=me)
        elif which.isascii() and which.isdecimal() and len(which) < 10:
            sessions.end_one(session, int(which), by=me)
            ended = 1
        else:
            raise NotFound("There is no such sign-in.")
    flash(f"{ended} sign-in{'' if ended == 1 else 's'} ended.", "good")
    return redirect(url_for("accounts.account", _anchor="sign-ins"))


@blueprint.route("/account/password", methods=["GET", "POST"])
def change_password() -> ResponseReturnValue:
    """Change one's password; every other sign-in ends."""
    me = login.current_person()
    if me.password_hash is None:
        raise NotFound("This account has no password.")
    form = ChangePasswordForm()
    if not form.is_submitted():
        return _password_page(form)
    if not form.validate():
        return _password_page(form), 422
    try:
        blocked_until = _change(form, me)
    except Invalid as error:
        form.take_errors(error)
        return _password_page(form), 422
    if blocked_until:
        return _try_later("accounts/password.html", form, blocked_until)
    flash("Your password is changed. You are signed out everywhere else.", "good")
    return redirect(url_for("accounts.account"))


@blueprint.get("/teams")
def teams() -> ResponseReturnValue:
    """All teams and what each is there for."""
    return render_template("accounts/teams.html", teams=queries.teams(db.session()))


@blueprint.get("/teams/<slug>")
def team(slug: str) -> ResponseReturnValue:
    """One team: what to ask it, how to reach it, who is in it."""
    found = queries.team_by_slug(db.session(), slug)
    return render_template("accounts/team.html", team=found, members=queries.members(db.session(), found))


def _change(form: ChangePasswordForm, me: Person) -> datetime | None:
    """Change the password as the form says; gives the moment to wait for after too many tries.

    Raises Invalid for a wrong present password or a new one that may not be chosen.
    """
    settings = _settings()
    seen_hash = me.password_hash or ""
    with unit_of_work() as session:
        ticket = services.count_change(session, settings=settings, by=me)
    right = services.check_own_password(
        present=form.present.data or "", ticket=ticket, settings=settings, by=me
    )
    if ticket.blocked_until:
        return ticket.blocked_until
    if not right:
        raise Invalid("Wrong password", present="This is not your present password. Check it and try again")
    new_hash = services.new_hash(me, form.new.data or "", settings=settings)
    with unit_of_work() as session:
        token = services.change_password(
            session,
            new_hash=new_hash,
            seen_hash=seen_hash,
            ticket=ticket,
            device=login.this_device(),
            by=me,
        )
    login.begin(me, token)
    return None


def _password_page(form: ChangePasswordForm) -> str:
    return render_template("accounts/password.html", form=form, shortest=passwords.MIN_LENGTH)


def _try_later(template: str, form: SignInForm | ChangePasswordForm, until: datetime) -> ResponseReturnValue:
    seconds = max(1, round((until - clock.now()).total_seconds()))
    form.form_errors.append(f"That was tried too often. Try again in {in_words(seconds)}.")
    page = render_template(template, form=form, shortest=passwords.MIN_LENGTH)
    return page, 429, {"Retry-After": str(seconds)}


def in_words(seconds: int) -> str:
    """A waiting time in words, rounded up: "20 seconds", "3 minutes"."""
    if seconds <= 50:
        return f"{-(-seconds // 10) * 10} seconds"
    minutes = -(-seconds // 60)
    return f"{minutes} minute{'' if minutes == 1 else 's'}"


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
