"""Forms about one's own account."""

from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired

from portal.web.forms import BaseForm


class SignInForm(BaseForm):
    """E-mail address and password. What was typed is judged as a whole, never field by field."""

    # The page shows the address again, and HTML has no place for control characters.
    email = StringField(
        "E-mail address",
        validators=[InputRequired("Enter your e-mail address")],
        filters=[lambda text: "".join(c for c in text or "" if c.isprintable())],
    )
    password = PasswordField("Password", validators=[InputRequired("Enter your password")])
    next = HiddenField()


class ChangePasswordForm(BaseForm):
    """The present password and, twice, a new one."""

    present = PasswordField("Present password", validators=[InputRequired("Enter your present password")])
    new = PasswordField("New password", validators=[InputRequired("Enter a new password")])
    again = PasswordField(
        "New password again",
        validators=[
            InputRequired("Enter the new password a second time"),
            EqualTo("new", "The two new passwords differ. Type the same one twice"),
        ],
    )
