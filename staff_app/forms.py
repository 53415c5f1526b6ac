"""The staff portal's forms. The services decide what a field may hold; `put_back` shows their faults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    Field,
    FieldList,
    FormField,
    HiddenField,
    PasswordField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms import Form as PlainForm
from wtforms.validators import Optional

from core.models import Role
from core.models.record_types import RECORD_TYPES
from core.services.patients import SEXES
from core.services.visit_rows import CLASSES
from core.web.base_form import Form

CHOOSE = SelectChoice("", "Choose")
PLAIN = {"autocomplete": "off"}
ROLES = [SelectChoice(role.value, role.value.capitalize()) for role in Role]
DAY_HINT = "For example 1961-03-14"


def readable_token(text: str | None) -> str:
    """The token of a form as it was sent; nothing if it is none of ours."""
    return text if text is not None and 16 <= len(text) <= 64 and text.isascii() else ""


def optional_id(value: str | None) -> int | None:
    """A chosen id, None for the empty choice."""
    return int(value) if value else None


class PatientForm(Form):
    """Registering a patient. `token` makes one patient of a form that is sent twice."""

    token = HiddenField()
    name = StringField("Full name", render_kw=PLAIN)
    national_id = StringField("NRIC or FIN", description="Leave empty for a person who has none", render_kw=PLAIN)
    sex = SelectField("Sex", choices=[CHOOSE, *(SelectChoice(*item) for item in SEXES.items())], validate_choice=False)
    birth_on = DateField("Birth date", description=DAY_HINT)
    phone = StringField("Telephone", render_kw={"autocomplete": "off", "inputmode": "tel"})
    address = StringField("Address", render_kw=PLAIN)
    language = StringField("Preferred language", render_kw=PLAIN)

    @property
    def form_token(self) -> str:
        """The form's token, nothing if it has none of ours."""
        return readable_token(self.token.data)


class ObservationForm(PlainForm):
    """One measured value."""

    assay = SelectField("Test", coerce=optional_id, validate_choice=False)
    value = StringField("Value", render_kw={"inputmode": "decimal", "autocomplete": "off"})
    confirmed = StringField("The value is right")


class PrescriptionForm(PlainForm):
    """One medicine ordered."""

    medication = StringField("Medicine", render_kw=PLAIN)
    dose = StringField("Dose", render_kw=PLAIN)
    frequency = StringField("How often", render_kw=PLAIN)
    instructions = StringField("Instructions", render_kw=PLAIN)
    override = StringField("Why it is right", render_kw=PLAIN)


class VisitForm(Form):
    """A visit with all that belongs to it. `token` makes one visit of a form that is sent twice."""

    token = HiddenField()
    description = StringField("What the visit is for")
    class_code = SelectField("Where", choices=[SelectChoice(*item) for item in CLASSES.items()], validate_choice=False)
    clinic_id = SelectField("Clinic", coerce=optional_id, validate_choice=False)
    started_at = DateTimeLocalField("Began", format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
    reason = StringField("Reason given by the patient")
    note = TextAreaField("Note", render_kw={"rows": 8})
    observations = FieldList(FormField(ObservationForm), min_entries=1, max_entries=40)
    prescriptions = FieldList(FormField(PrescriptionForm), min_entries=1, max_entries=40)
    close = BooleanField("Close the visit when saving", default=True)


class RunForm(Form):
    """Starting an archive run."""

    record_type = SelectField("Record type", choices=[SelectChoice(name, f"{name}s") for name in RECORD_TYPES])
    as_of = DateField("As of", description="Empty means now", validators=[Optional()])
    dry_run = BooleanField("Dry run: plan and count, move nothing")


NUMBER = PLAIN | {"inputmode": "numeric"}


BORN_HINT = "“unknown” if the record has none"


class HoldForm(Form):
    """Setting or lifting a legal hold."""

    patient = StringField("Patient number", render_kw=NUMBER)
    born = StringField("Year of birth", description=BORN_HINT, render_kw=PLAIN)
    reason = StringField("Reason", description="Kept in the audit trail; no clinical content", render_kw=PLAIN)
    lift = BooleanField("Lift the hold that is there")


class EraseForm(Form):
    """Erasing a patient at their request."""

    patient = StringField("Patient number", render_kw=NUMBER)
    reason = StringField("Reason", description="Kept in the audit trail; no clinical content", render_kw=PLAIN)
    born = StringField("Year of birth, as the request says", description=BORN_HINT, render_kw=PLAIN)
    words = StringField("To confirm, type: erase patient, then the number", render_kw=PLAIN)


class HaltForm(Form):
    """Halting the report loop."""

    reason = StringField("Reason", description="Shown to those who wait for a report; no clinical content")


class AccountForm(Form):
    """Making an account."""

    role = SelectField("Role", choices=[CHOOSE, *ROLES], validate_choice=False)
    username = StringField("User name", render_kw=PLAIN | {"autocapitalize": "none", "spellcheck": "false"})
    name = StringField("Name", description="As it stands under signatures and in the audit trail", render_kw=PLAIN)
    patient_id = StringField(
        "Patient number", description="Only for a patient's account", render_kw=PLAIN | {"inputmode": "numeric"}
    )
    born = StringField("Year of birth", description=f"Of the patient: {BORN_HINT}", render_kw=PLAIN)
    practitioner_id = SelectField(
        "Practitioner", coerce=optional_id, validate_choice=False, description="Only for a clinician's account"
    )


class SignatureForm(Form):
    """The password again, before a signature."""

    password = PasswordField("Your password", render_kw={"autocomplete": "current-password"})


def put_back(form: PlainForm, errors: Mapping[str, str]) -> list[tuple[str, str]]:
    """Show each fault at its field, and give them all for the summary, in the form's order."""
    known = {field.id: field for field in _leaves(form)}
    for name, message in errors.items():
        if name in known:
            known[name].errors = [message]
    placed = [(name, errors[name]) for name in known if name in errors]
    return placed + [(name, message) for name, message in errors.items() if name not in known]


def unreadable(form: PlainForm) -> dict[str, str]:
    """Fields whose text could not be read, such as 31 February; the service judges empty fields."""
    faulty = (field for field in _leaves(form) if field.process_errors and any(field.raw_data or ()))
    return {field.id: str(field.process_errors[0]) for field in faulty}


def _leaves(fields: Any) -> Iterator[Field]:
    for field in fields:
        if isinstance(field, FieldList | FormField):
            yield from _leaves(field)
        else:
            yield field


def choices(rows: Sequence[tuple[int, str]], first: str) -> list[SelectChoice]:
    """A select's choices, an empty one first."""
    return [SelectChoice("", first), *(SelectChoice(str(row_id), name) for row_id, name in rows)]
