"""Forms about one's own account."""

from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired

from portal.web.forms import BaseForm


class SignInForm(BaseForm):
    """E-mail address and password. What was typed is judged as a whole, never field by field."""

    email = StringField("E-mail address", validators=[InputRequired("Enter your e-mail address")])
    password = PasswordField("Password", validators=[InputRequired("Enter your password")])
    next = HiddenField()


class EmptyForm(BaseForm):
    """A form with one button and nothing to fill in; carries the CSRF token."""
