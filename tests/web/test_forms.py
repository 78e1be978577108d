"""Messages of refused saves are put back on the fields they belong to."""

import pytest
from wtforms import StringField

from portal.errors import Invalid
from portal.web.forms import BaseForm


class Small(BaseForm):
    """Two fields."""

    name = StringField("Name")
    place = StringField("Place")


@pytest.fixture
def form(app):
    with app.test_request_context("/", method="POST"):
        yield Small()


def test_messages_stand_at_their_fields_beside_those_already_there(form):
    form.name.errors = ["Too short."]
    form.take_errors(
        Invalid("Check the form.", name="It is taken.", place="Enter a place.", other="Not there.")
    )
    assert list(form.name.errors) == ["Too short.", "It is taken."]
    assert list(form.place.errors) == ["Enter a place."]
    assert list(form.form_errors) == ["Not there."]


def test_a_refusal_without_fields_is_a_message_of_the_form(form):
    form.take_errors(Invalid("The portal is full."))
    assert list(form.form_errors) == ["The portal is full."]
    assert not form.name.errors
