"""A `$batch` of reading requests: what is sent, and whose answer is whose. Pure. See "JSON batching"."""

from collections.abc import Mapping
from typing import Any

from requests.structures import CaseInsensitiveDict

from calendars.graph.answers import error_of, unreadable
from calendars.graph.errors import GraphError

# The JSON of one, or its own error.
Answer = dict[str, Any] | GraphError


def request_of(paths: Mapping[str, str], prefer: str) -> dict[str, Any]:
    headers = {"Prefer": prefer}
    items = [
        {"id": str(number), "method": "GET", "url": path, "headers": headers}
        for number, path in enumerate(paths.values())
    ]
    return {"requests": items}


def answers_of(paths: Mapping[str, str], answer: Mapping[str, Any]) -> dict[str, Answer]:
    """By the keys of `paths`, as far as there are answers. Raises TryLater."""
    keys = list(paths)
    answers: dict[str, Answer] = {}
    for one in answer.get("responses") or []:
        try:
            key = keys[int(one["id"])]
            headers = CaseInsensitiveDict(one.get("headers") or {})
            error = error_of(int(one["status"]), headers, one.get("body"))
        except (KeyError, ValueError, IndexError, TypeError, AttributeError) as problem:
            raise unreadable() from problem
        answers[key] = error or one["body"]
    return answers
