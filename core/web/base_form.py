"""Forms: Flask-WTF with this portal's token, shown by the macros in templates/shared/_macros.html."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length

# What the library says of these, in words that name the mend.
MENDS = {
    "Not a valid date value.": "Enter a day of the calendar, such as 2026-11-12.",
    "Not a valid datetime value.": "Enter a day of the calendar and a time, such as 2026-11-12T09:30.",
    "Not a valid choice.": "Choose one from the list.",
}


class Mends:
    """The library's messages in our words."""

    def gettext(self, message: str) -> str:
        return MENDS.get(message, message)

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        return singular if number == 1 else plural


def stripped(value: str | None) -> str | None:
    """A text field's value without spaces around it or null bytes; empty becomes None."""
    return (value or "").replace("\0", "").strip() or None


class Form(FlaskForm):
    """A form whose text fields come without the spaces around them."""

    class Meta(FlaskForm.Meta):
        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Any:
            if issubclass(unbound_field.field_class, StringField) and unbound_field.field_class is not PasswordField:
                options.setdefault("filters", [stripped])
            return unbound_field.bind(form=form, **options)

        def get_translations(self, form: Any) -> Mends:
            return Mends()

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """Texts alone: a file or a JSON value in the place of one is left out, for no field of ours takes it."""
            if formdata is None or isinstance(formdata, MultiDict):
                return formdata
            return request.form if form.is_submitted() and request.form else None

    @property
    def faults(self) -> list[tuple[str, str]]:
        """Each faulty field's id and its first message, in the form's order, for the summary."""
        return [(field.id, _first(field.errors)) for field in self if field.errors]


def _first(errors: Any) -> str:
    if isinstance(errors, dict):
        errors = list(errors.values())
    head = errors[0]
    return head if isinstance(head, str) else _first(head)


def user_name_field() -> StringField:
    """The field for an account's name."""
    return StringField(
        "User name",
        validators=[InputRequired("Enter your user name."), Length(max=120, message="User names are shorter.")],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )


def new_password_field() -> PasswordField:
    """The field for a new password, `new` in its form."""
    return PasswordField(
        "New password",
        validators=[InputRequired("Enter a new password.")],
        render_kw={"autocomplete": "new-password"},
    )


def new_password_again_field() -> PasswordField:
    """The field for the same password as in `new`."""
    return PasswordField(
        "New password again",
        validators=[EqualTo("new", message="The two new passwords differ: enter the same one twice.")],
        render_kw={"autocomplete": "new-password"},
    )


class SignInForm(Form):
    """A name and a password."""

    username = user_name_field()
    password = PasswordField(
        "Password",
        validators=[InputRequired("Enter your password."), Length(max=256, message="Passwords are shorter.")],
        render_kw={"autocomplete": "current-password"},
    )
