"""The base of every form. The markup of fields is in `templates/_components/forms.html`."""

from flask_wtf import FlaskForm

from portal.errors import Invalid


class BaseForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A form with CSRF protection whose service errors can be put back on its fields."""

    def take_errors(self, error: Invalid) -> None:
        """Show the messages of a refused save at the fields they belong to, else above the form."""
        for name, message in error.fields.items():
            if name in self._fields:
                field = self._fields[name]
                field.errors = [*field.errors, message]
            else:
                self.form_errors.append(message)
        if not error.fields:
            self.form_errors.append(str(error))
