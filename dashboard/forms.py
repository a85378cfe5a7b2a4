"""Forms: WTForms classes, one page that draws them, one way to carry out what they say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import wtforms
from flask import render_template, request
from wtforms import validators

from dashboard.errors import Problem
from dashboard.who import Who


def text(
    label: str,
    *,
    required: bool = False,
    hint: str = "",
    default: str = "",
    most: int = 255,
    area: bool = False,
    secret: bool = False,
    rows: int = 4,
) -> Any:
    "A line of text (several with `area`)."
    rules: list[Any] = [
        validators.DataRequired("Please fill this in.") if required else validators.Optional(),
        validators.Length(max=most, message=f"At most {most} characters."),
    ]
    kind = (
        wtforms.TextAreaField if area else wtforms.PasswordField if secret else wtforms.StringField
    )
    attributes: dict[str, Any] = (
        {"rows": rows} if area else {"autocomplete": "new-password" if secret else "off"}
    )
    return kind(
        label,
        rules,
        description=hint,
        default=default,
        render_kw=attributes,
        filters=[_strip] if not secret else [],
    )


def _strip(value: str | None) -> str | None:
    return value.strip() if value else value


def number(
    label: str,
    *,
    required: bool = False,
    hint: str = "",
    default: int | None = None,
    least: int = 0,
    most: int = 2**31 - 1,
) -> Any:
    "A whole number."
    rules = [
        validators.InputRequired("Please fill this in.") if required else validators.Optional(),
        validators.NumberRange(least, most, f"Between {least} and {most}."),
    ]
    return wtforms.IntegerField(label, rules, description=hint, default=default)


def choice(
    label: str,
    choices: list[tuple[str, str]] | None = None,
    *,
    hint: str = "",
    default: str | None = None,
) -> Any:
    "One of several; the choices may be given later, in the view."
    return wtforms.SelectField(
        label, choices=choices or [], description=hint, default=default, validate_choice=True
    )


def tick(label: str, *, hint: str = "", default: bool = False) -> Any:
    "Yes or no."
    return wtforms.BooleanField(label, description=hint, default=default)


def form_page(
    me: Who,
    form: wtforms.Form,
    heading: str,
    do: Callable[[Any], Any],
    *,
    submit: str = "Create",
    back: str,
    lead: str = "",
    crumbs: list[tuple[str, str]] | None = None,
    danger: bool = False,
    template: str = "form.html",
    **more: Any,
) -> Any:
    """The page with the form; when it comes back filled in well, what `do(form)` answers. A
    Problem of `do` is shown above the fields, and nothing that was typed is lost."""
    problem, status = None, 200
    if request.method == "POST":
        status = 400
        if form.validate():
            try:
                return do(form)
            except Problem as refused:
                problem = refused
                status = refused.status if 400 <= refused.status < 500 else 502
    page = render_template(
        template,
        form=form,
        heading=heading,
        submit=submit,
        back=back,
        lead=lead,
        crumbs=crumbs or [],
        danger=danger,
        problem=problem,
        **more,
    )
    return page, status
