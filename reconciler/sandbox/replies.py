"""Answers that are not the Manager's words: plain JSON, a framework's failure, HTML pages."""

from __future__ import annotations

import json
from http import HTTPStatus

from starlette.responses import Response

_PAGE = """<!DOCTYPE html>
<html><head><title>{title}</title></head>
<body><h1>{title}</h1><p>{text}</p></body></html>
"""


def json_reply(status: int, value: object, headers: dict[str, str] | None = None) -> Response:
    """A JSON value in UTF-8."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(body, status, headers, media_type="application/json")


def framework_failure(status: int, path: str) -> Response:
    """What a web framework says by itself: an integer ``status`` and a phrase as ``error``."""
    phrase = HTTPStatus(status).phrase
    return json_reply(status, {"status": status, "error": phrase, "path": path})


def page(status: int, title: str, text: str) -> Response:
    """An HTML page, as ingresses and servlet stacks send."""
    return Response(_PAGE.format(title=title, text=text), status, media_type="text/html")


def bad_path() -> Response:
    """What a servlet stack says of a path it finds dangerous."""
    return page(400, "HTTP Status 400 - Bad Request", "The request was rejected: invalid URI.")


def welcome_page() -> Response:
    """What an ingress says of a path that is not routed."""
    return page(200, "Welcome", "Sign in to continue.")
