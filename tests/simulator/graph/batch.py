"""``$batch``: up to 20 requests in one, at most four of them at a time."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from tests.simulator.graph.errors import GraphError, bad
from tests.simulator.http import BadBody, Headers, Request, Response, make_headers

Run = Callable[[Request], Response]
MOST_REQUESTS = 20
PARALLEL = 4
_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")
_FAILED = {"error": {"code": "FailedDependency", "message": "A request this one depends on has failed."}}


def run_batch(request: Request, run: Run) -> Response:
    """200 with the answer of each item, in no promised order; raises :class:`GraphError` 400 for the whole."""
    items = _read(request)
    answers = _run_all(request, items, run)
    responses = [_entry(name, answers[name]) for name in answers]
    random.Random(len(responses)).shuffle(responses)
    return Response.json({"responses": responses})


def _read(request: Request) -> list[dict[str, Any]]:
    try:
        body = request.json()
    except BadBody as error:
        raise bad("Invalid batch payload format.") from error
    items = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise bad("Invalid batch payload format: requests must be a list of objects.")
    if len(items) > MOST_REQUESTS:
        raise GraphError(
            400, "MaximumValueExceeded", f"Number of batch request steps exceeds the maximum value of {MOST_REQUESTS}."
        )
    names = [str(item.get("id") or "") for item in items]
    if not all(names):
        raise bad("Invalid batch payload format: each request needs an id.")
    if len({name.casefold() for name in names}) < len(names):
        raise bad("Request Id has to be unique in a batch.")
    for item in items:
        _check(item, {name.casefold() for name in names})
    _check_dependencies(items)
    return items


def _check(item: dict[str, Any], names: set[str]) -> None:
    if str(item.get("method", "")).upper() not in _METHODS:
        raise bad(f"Invalid batch payload format: unknown method in request {item['id']}.")
    if not isinstance(item.get("url"), str) or not item["url"] or "://" in item["url"].partition("?")[0]:
        raise bad(f"Invalid batch payload format: url of request {item['id']} must be relative to the version.")
    if item["url"].lstrip("/").casefold().startswith("$batch"):
        raise bad(f"Invalid batch payload format: request {item['id']} is a batch itself.")
    if not isinstance(item.get("headers") or {}, dict):
        raise bad(f"Invalid batch payload format: headers of request {item['id']} must be an object.")
    if item.get("body") is not None and not _headers(item).get("Content-Type"):
        raise bad(f"Request {item['id']} has a body but no Content-Type header.")
    needed = item.get("dependsOn") or []
    if not isinstance(needed, list) or any(str(name).casefold() not in names for name in needed):
        raise bad(f"Request {item['id']} depends on a request that is not there.")


def _check_dependencies(items: list[dict[str, Any]]) -> None:
    """Whoever waits for somebody who waits for him waits for ever."""
    done: dict[str, bool] = {}
    while len(done) < len(items):
        ready = [str(item["id"]).casefold() for item in items if _ready(item, done)]
        if len(ready) == len(done):
            raise bad("Invalid batch payload format: requests depend on each other in a circle.")
        done = dict.fromkeys(ready, True)


def _headers(item: dict[str, Any]) -> Headers:
    return make_headers({str(name): str(value) for name, value in (item.get("headers") or {}).items()})


def _request(parent: Request, item: dict[str, Any]) -> Request:
    """The item as a request of its own. It inherits the token, and nothing else."""
    headers = make_headers({str(name): str(value) for name, value in (item.get("headers") or {}).items()})
    if headers.get("Authorization") is None:
        headers["Authorization"] = str(parent.headers.get("Authorization"))
    body = item.get("body")
    raw = b"" if body is None else json.dumps(body).encode()
    url = item["url"]
    target = "/v1.0/" + url.lstrip("/")
    request = Request.of(item["method"], target, headers, raw, parent.base_url)
    request.batch_item = str(item["id"])
    return request


def _run_all(parent: Request, items: list[dict[str, Any]], run: Run) -> dict[str, Response]:
    """Run each item once those it depends on have succeeded; 424 where one of them has not."""
    answers: dict[str, Response] = {}
    done: dict[str, bool] = {}
    waiting = list(items)
    running: dict[Future[Response], str] = {}
    with ThreadPoolExecutor(min(PARALLEL, len(items))) as pool:
        while waiting or running:
            for item in [item for item in waiting if _ready(item, done)]:
                name = str(item["id"])
                if not all(done[str(needed).casefold()] for needed in item.get("dependsOn") or []):
                    waiting.remove(item)
                    answers[name], done[name.casefold()] = Response.json(_FAILED, 424), False
                elif len(running) < PARALLEL:
                    waiting.remove(item)
                    running[pool.submit(run, _request(parent, item))] = name
            if running:
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    name = running.pop(future)
                    answers[name] = future.result()
                    done[name.casefold()] = answers[name].status < 400
    return answers


def _ready(item: dict[str, Any], done: dict[str, bool]) -> bool:
    return all(str(needed).casefold() in done for needed in item.get("dependsOn") or [])


def _entry(name: str, response: Response) -> dict[str, Any]:
    entry: dict[str, Any] = {"id": name, "status": response.status, "headers": response.headers}
    if response.body:
        try:
            entry["body"] = json.loads(response.body)
        except ValueError:
            entry["body"] = response.body.decode(errors="replace")
    return entry
