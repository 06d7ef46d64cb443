"""System checks: a wrong or missing setting is reported by its variable's name before anything starts."""

from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def environment_variables(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    hint = "Set it in the environment; .env.example has a line for every variable."
    return [
        Error(f"{name} {problem}", hint=hint, id="caret_sync.E001")
        for name, problem in settings.SETTING_PROBLEMS.items()
    ]


@register()
def token_keys(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    for position, key in enumerate(settings.TOKEN_KEYS, start=1):
        try:
            Fernet(key)
        except ValueError:
            return [
                Error(
                    f"TOKEN_KEYS has no valid Fernet key at position {position}.",
                    hint="Make one with cryptography.fernet.Fernet.generate_key().",
                    id="caret_sync.E002",
                )
            ]
    return []
