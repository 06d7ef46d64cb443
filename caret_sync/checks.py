"""System checks: a wrong or missing setting is reported by its variable's name before anything starts."""

from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

# The checks of this module, for `caret_sync.startup`, which runs them without Django's own.
SETTINGS_TAG = "caret_sync"


@register(SETTINGS_TAG)
def environment_variables(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    hint = "Set it in the environment; .env.example has a line for every variable."
    return [
        Error(f"{name} {problem}", hint=hint, id="caret_sync.E001")
        for name, problem in settings.SETTING_PROBLEMS.items()
    ]


@register(SETTINGS_TAG)
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


@register(SETTINGS_TAG)
def time_limits(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Limits that make sense only together; each pair is where two workers could come to hold one piece of work."""
    queue: dict[str, Any] = settings.Q_CLUSTER
    timeout, retry = queue["timeout"], queue["retry"]
    problems: list[CheckMessage] = []
    if retry <= 2 * timeout:
        problems.append(
            Error(
                f"TASK_RETRY ({retry:g}) must be more than twice TASK_TIMEOUT ({timeout:g}).",
                hint="Its clock starts while a task still waits for another: it would run twice at once.",
                id="caret_sync.E003",
            )
        )
    if settings.LEASE_SECONDS <= settings.HTTP_TIMEOUT:
        problems.append(
            Error(
                f"LEASE_SECONDS ({settings.LEASE_SECONDS:g}) must be more than HTTP_TIMEOUT "
                f"({settings.HTTP_TIMEOUT:g}).",
                hint="A worker that waits for an answer would lose its connection to another one.",
                id="caret_sync.E004",
            )
        )
    if timeout >= settings.STALL_SECONDS:
        problems.append(
            Error(
                f"STALL_SECONDS ({settings.STALL_SECONDS:g}) must be more than TASK_TIMEOUT ({timeout:g}).",
                hint="Processes that are busy with long tasks would be taken for dead.",
                id="caret_sync.E005",
            )
        )
    return problems


@register(SETTINGS_TAG)
def graph_limits(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """What Microsoft would refuse of each request, and nobody would see but in a log."""
    window = settings.SYNC_WINDOW_PAST_DAYS + settings.SYNC_WINDOW_FUTURE_DAYS
    limits = [
        ("SYNC_WINDOW_PAST_DAYS and SYNC_WINDOW_FUTURE_DAYS together", window, 1800, "E006"),
        ("SUBSCRIPTION_SECONDS", settings.SUBSCRIPTION_SECONDS, 253_800, "E007"),
    ]
    return [
        Error(f"{name} ({value}) must be at most {most}.", hint="Microsoft allows no more.", id=f"caret_sync.{number}")
        for name, value, most, number in limits
        if value > most
    ]
