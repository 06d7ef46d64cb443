"""Settings: a variable that is missing or malformed is named in a sentence before anything starts, never a traceback.

The settings are read anew, in this process, for each environment.
"""

import ast
import os
import re
import runpy
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from cryptography.fernet import Fernet
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from caret_sync.env import Environment

ROOT = Path(__file__).resolve().parent.parent
KEY = Fernet.generate_key().decode()
COMPLETE = {
    "SECRET_KEY": "a long and random one",
    "ALLOWED_HOSTS": "calendar.firm.example",
    "SITE_URL": "https://calendar.firm.example",
    "SUPPORT_URL": "https://help.firm.example/calendar",
    "TOKEN_KEYS": KEY,
    "MICROSOFT_CLIENT_ID": "client",
    "MICROSOFT_CLIENT_SECRET": "secret",
}


def example_lines() -> dict[str, str]:
    """The variables of .env.example with their values, as a shell would read them."""
    lines = re.findall(r"^([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    return {name: re.sub(r"(^|\s)#.*", "", value).strip() for name, value in lines}


def readers() -> dict[str, str]:
    """The variables that settings.py reads, each with the name of the reader: `env.whole("WORKERS", …)` is whole."""
    found: dict[str, str] = {}
    for node in ast.walk(ast.parse((ROOT / "caret_sync" / "settings.py").read_text())):
        match node:
            case ast.Call(ast.Attribute(ast.Name("env"), kind), [ast.Constant(str(name)), *_]):
                assert name not in found, f"{name} is read in two places"
                found[name] = kind
    return found


VARIABLES, READERS = sorted(example_lines()), readers()


def read(**values: str) -> dict[str, Any]:
    """The settings, read in an environment of these variables and none of ours besides."""
    others = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    with mock.patch.dict(os.environ, others | values, clear=True):
        return runpy.run_path(str(ROOT / "caret_sync" / "settings.py"))


def problems(**values: str) -> dict[str, str]:
    return read(**values)["SETTING_PROBLEMS"]


# --- Missing --------------------------------------------------------------------------------------------------------
def test_for_development_nothing_needs_to_be_set():
    assert problems(DEBUG="1") == {}


def test_in_production_every_variable_that_is_missing_is_named():
    assert problems(**COMPLETE) == {}
    assert set(problems()) == set(COMPLETE) - {"SUPPORT_URL"} | {"SUPPORT_EMAIL"}
    for name in COMPLETE:
        found = problems(**{**COMPLETE, name: "  "})
        assert set(found) == {"SUPPORT_EMAIL" if name == "SUPPORT_URL" else name}
    assert problems(**{**COMPLETE, "SUPPORT_URL": "", "SUPPORT_EMAIL": "support@firm.example"}) == {}


# --- Malformed ------------------------------------------------------------------------------------------------------
NO_NUMBER = ["many", "-1", "nan", "inf", "1e300", "12 s", "0x10"]
# By the reader that settings.py reads a variable with, so that a variable added later is covered from the start.
MALFORMED = {
    "text": [],
    "flag": ["maybe", "2"],
    "choice": ["LOUD", "10"],
    "number": NO_NUMBER,
    "whole": [*NO_NUMBER, "2.5"],
    "items": [",", " , ,"],
    "instant": [
        "2027-03-31", "2027-03-31T23:59:59", "end of March", "0001-01-01T00:00:00+14:00", "2027-02-30T00:00:00Z",
    ],
    "url": ["firm.example", "ftp://x", "mailto:ada@firm.example", "https://", "https://[", "https://firm.example:port"],
    "mail_address": ["support", "@", "support@", "@firm.example", "Support <support>"],
    "email": ["localhost", "smtp://", "smtp://host:port", "http://host", "smtp://["],
    "database": [
        "mysql://x/y", "sqlite://", "sqlite:///", "postgres://host", "postgres://host:port/x", "postgres://[/x", "x",
    ],
}  # fmt: skip
MALFORMED_MORE = [
    ("HTTP_TIMEOUT", "0"),
    ("WORKERS", "0"),
    ("TASK_RETRY", "1"),
    ("GRAPH_URL", "http://graph.example"),
    ("SIMULATOR_URL", "https://127.0.0.1"),
]


@pytest.mark.parametrize(
    ("name", "value"),
    [*((name, value) for name, kind in READERS.items() for value in MALFORMED[kind]), *MALFORMED_MORE],
)
def test_a_malformed_variable_is_named_and_no_other(name: str, value: str):
    found = problems(**{**COMPLETE, name: value})
    assert set(found) == {name}
    assert re.fullmatch(r"(is|has|must) .*\.", found[name]), "a sentence that goes on from the variable's name"


@given(st.sampled_from(VARIABLES), st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_garbage_in_a_variable_is_at_worst_a_sentence_about_it(name: str, garbage: str):
    assert set(problems(**{**COMPLETE, name: garbage})) <= {
        "SUPPORT_EMAIL" if name == "SUPPORT_URL" and not garbage.strip() else name
    }


@given(st.text(st.sampled_from("smtps:/@[]%#?,.0123456789abcé\u2100 -+TZ")))
def test_garbage_that_looks_like_an_address_or_a_time_raises_nowhere(garbage: str):
    env = Environment({"X": garbage})
    for read_one in (
        lambda: env.url("X", "https://firm.example"), lambda: env.email("X", False), lambda: env.mail_address("X", ""),
        lambda: env.database("X", Path("x.sqlite3")), lambda: env.instant("X", "2027-03-31T23:59:59-07:00"),
        lambda: env.number("X", 1), lambda: env.whole("X", 1), lambda: env.items("X", []), lambda: env.flag("X", True),
    ):  # fmt: skip
        read_one()
    assert set(env.problems) <= {"X"}


def test_no_secret_is_repeated_in_a_sentence():
    found = problems(
        **{**COMPLETE, "DATABASE_URL": "postgres://ada:hunter2@[/x", "EMAIL_URL": "smtp://ada:hunter2@host:port"}
    )
    assert set(found) == {"DATABASE_URL", "EMAIL_URL"} and "hunter2" not in str(found)


def test_the_simulator_is_refused_outside_development():
    url = "http://127.0.0.1:9100/"
    assert "development only" in problems(**COMPLETE, SIMULATOR_URL=url)["SIMULATOR_URL"]
    assert read(**COMPLETE, SIMULATOR_URL=url)["GRAPH_URL"] == "https://graph.microsoft.com/v1.0"
    simulated = read(DEBUG="1", SIMULATOR_URL=url)
    assert simulated["SETTING_PROBLEMS"] == {} and simulated["GRAPH_URL"] == "http://127.0.0.1:9100/v1.0"


# --- What well-formed ones mean ---------------------------------------------------------------------------------------
def test_addresses_of_databases():
    def database(url: str) -> dict[str, Any]:
        return Environment({"X": url}).database("X", Path("/a b/R&D #1?/x.sqlite3"))

    assert database("")["NAME"] == "/a b/R&D #1?/x.sqlite3", "wherever the clone lies"
    assert database("sqlite:///here.sqlite3")["NAME"] == "here.sqlite3"
    assert database("sqlite:////there/x.sqlite3")["NAME"] == "/there/x.sqlite3"
    found = database("postgres://a%40b:p%2Fw@db.firm.example:5433/caret?sslmode=require")
    assert [found[key] for key in ("USER", "PASSWORD", "HOST", "PORT", "NAME")] == [
        "a@b", "p/w", "db.firm.example", "5433", "caret",
    ]  # fmt: skip
    assert found["OPTIONS"]["sslmode"] == "require"


def test_a_frozen_worker_keeps_rows_of_postgresql_as_long_as_its_lease_unless_the_address_says_otherwise():
    def options(url: str) -> dict[str, Any]:
        return read(DEBUG="1", LEASE_SECONDS="45", DATABASE_URL=url)["DATABASES"]["default"]["OPTIONS"]

    assert options("postgres://db.firm.example/x")["options"] == "-c idle_in_transaction_session_timeout=45000"
    own = "postgres://db.firm.example/x?options=-c%20statement_timeout%3D9"
    assert options(own)["options"] == "-c statement_timeout=9"
    assert "options" not in options("sqlite:///x.sqlite3")


@pytest.mark.django_db
@pytest.mark.parametrize(("proxies", "status"), [("0", 301), ("1", 200)])
def test_who_claims_to_have_come_by_https_is_believed_behind_a_proxy_alone(settings: Any, proxies: str, status: int):
    ours = read(**COMPLETE, TRUSTED_PROXY_COUNT=proxies)
    settings.SECURE_SSL_REDIRECT = ours["SECURE_SSL_REDIRECT"]
    settings.SECURE_PROXY_SSL_HEADER = ours.get("SECURE_PROXY_SSL_HEADER")
    answer = Client().get("/accounts/login/", headers={"x-forwarded-proto": "https"})
    assert answer.status_code == status
    assert Client().get("/accounts/login/", headers={"x-forwarded-proto": "http"}).status_code == 301


def test_the_example_names_exactly_the_variables_that_are_read():
    assert sorted(READERS) == VARIABLES


def test_the_values_in_the_example_are_the_defaults():
    example = {name: value for name, value in example_lines().items() if value and name not in COMPLETE}
    assert len(example) > 15
    by_default, by_example = read(**COMPLETE), read(**{**COMPLETE, **example})
    ours = [name for name in by_default if name.isupper()]
    assert {name: by_example[name] for name in ours} == {name: by_default[name] for name in ours}
