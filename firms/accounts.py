"""How people get in: allauth's door with e-mail login; accounts are made by staff and the import, never by sign-up."""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.http import HttpRequest

from firms import audit
from firms.models import User


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """There are no user names."""

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Starts with our own address, never with one that a request's Host header claims."""
        return str(settings.SITE_URL) + urlsplit(super().get_reset_password_from_key_url(key)).path


def email_changed(user: User, *, before: str, actor: User) -> None:
    """To be called in the transaction that gives an account another e-mail address, once it is saved.

    allauth remembers addresses it has seen and lets people in by any of them: the former address, which may be somebody
    else's by now, must not reset this account's password.
    """
    EmailAddress.objects.filter(user=user).exclude(email__iexact=user.email).delete()
    audit.record("member.email_changed", actor=actor, member=user, subject=user, before=before, after=user.email)
