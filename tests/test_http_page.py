"""docs/http.md names every page there is: what is kept stable is written down."""

import re
from pathlib import Path

import pytest
from django.contrib import admin
from django.urls import URLPattern, reverse

from calendars import urls as calendars_urls
from migration import urls as migration_urls

PAGE = (Path(__file__).parents[1] / "docs" / "http.md").read_text(encoding="utf-8")
NAMES = {"pk": "id", "slug": "topic", "number": "month"}
# What is not for people to bookmark: the queue's own tables, for superusers.
FOREIGN = {"django_q", "auth", "account", "sites"}


def written(route: str) -> str:
    """`move/runs/<int:pk>/` as the page writes it: `/move/runs/<id>/`."""
    return "/" + re.sub(r"<\w+:(\w+)>", lambda found: f"<{NAMES.get(found[1], found[1])}>", route)


PATTERNS = calendars_urls.urlpatterns + migration_urls.urlpatterns


@pytest.mark.parametrize("pattern", [one for one in PATTERNS if isinstance(one, URLPattern)], ids=str)
def test_every_page_of_ours_is_named(pattern: URLPattern) -> None:
    assert f"`{written(str(pattern.pattern))}`" in PAGE


def test_every_list_of_the_admin_is_named() -> None:
    ours = [model._meta for model in admin.site._registry if model._meta.app_label not in FOREIGN]
    lists = {reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist") for meta in ours}
    assert {one for one in lists if f"`{one}`" not in PAGE} == set()
