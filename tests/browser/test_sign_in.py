"""The way in and out."""

import pytest


def test_a_person_signs_in_where_they_wanted_to_go_and_out_again(visitor, axe, screenshots):
    visitor.visit("/privacy")
    visitor.sees_heading("Sign in")
    axe(visitor)
    screenshots(visitor, "sign-in")

    visitor.expects_error(422)
    visitor.sign_in("ana", password="not the right password")
    visitor.sees_heading("Sign in")
    visitor.sees("The e-mail address or the password is not right")
    axe(visitor)
    screenshots(visitor, "sign-in-refused")

    visitor.sign_in("ana")
    visitor.is_at("/privacy")
    axe(visitor)

    visitor.sign_out()
    visitor.sees_heading("Sign in")
    visitor.visit("/privacy")
    visitor.sees_heading("Sign in")


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_signing_in_leads_home(new_visitor, scripts):
    visitor = new_visitor(scripts=scripts, width=320)
    visitor.visit("/")
    visitor.sees_heading("Sign in")
    visitor.sign_in("otto")
    visitor.is_at("/")
    visitor.sign_out()
    visitor.sees_heading("Sign in")
