"""The login form, and e-mail addresses in the one form in which accounts are stored."""

from datetime import timedelta
from typing import Any

from allauth.account import forms as allauth_forms
from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone


class LoginForm(allauth_forms.LoginForm):
    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        """Ends the session a fixed time after the login: a date, since a number of seconds starts anew with each save."""
        response = super().login(request, redirect_url)
        request.session.set_expiry(timezone.now() + timedelta(seconds=settings.SESSION_MAX_AGE))
        return response


class LowerCaseEmailField(forms.EmailField):
    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").lower()
