"""The test client: fetches pages as a person's browser does and lints each one."""

import contextvars
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from xml.etree.ElementTree import Element

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from portal.accounts import sessions
from portal.accounts.models import Person
from tests.support import lint
from tests.support.html import Parsed, parse, select, text_of

Data = Mapping[str, Any]

_TOKEN = re.compile(r'(name="csrf_token"[^>]* value=")[\w.-]+(?=")')
_faultless: set[bytes] = set()
"""Digests of the pages that the linter found nothing in, their CSRF tokens aside: the same text is not
read a second time."""


@dataclass(frozen=True)
class Page:
    """One answer of the portal, read."""

    url: str
    response: TestResponse
    client: "PageClient"

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def headers(self) -> Any:
        return self.response.headers

    @property
    def location(self) -> str:
        """Where a redirect leads; a failed assertion when this is none."""
        assert self.response.location, f"{self.url} answered {self.status}, not with a redirect"
        return self.response.location

    @cached_property
    def text(self) -> str:
        """The body as it came."""
        return self.response.get_data(as_text=True)

    @cached_property
    def parsed(self) -> Parsed:
        return parse(self.text)

    @property
    def tree(self) -> Element:
        """The root element (ElementTree, no namespaces)."""
        return self.parsed.root

    @property
    def words(self) -> str:
        """The text a person reads."""
        return text_of(self.tree)

    @property
    def h1(self) -> str:
        return text_of(self.one("h1"))

    def select(self, selector: str) -> list[Element]:
        """All elements that match a selector (see tests/support/html.py)."""
        return select(self.tree, selector)

    def one(self, selector: str) -> Element:
        """The one element that matches; a failed assertion when there are none or several."""
        found = self.select(selector)
        assert len(found) == 1, f"{self.url}: {len(found)} elements match {selector!r}"
        return found[0]

    def texts(self, selector: str) -> list[str]:
        """The text of each element that matches."""
        return [text_of(element) for element in self.select(selector)]

    def follow(self, *, status: int = 200) -> "Page":
        """The page a redirect leads to."""
        return self.client.get(self.location, status=status)

    def click(self, text: str, *, status: int = 200) -> "Page":
        """The page behind the first link with this text."""
        for link in self.select("a[href]"):
            if text in (text_of(link), link.get("aria-label")):
                return self.client.get(link.get("href") or "", status=status)
        raise AssertionError(f"{self.url}: no link {text!r}; there are {self.texts('a[href]')}")


class PageClient:
    """A browser without JavaScript. Every HTML answer is linted, whatever its status.

    Requests run outside the test's own application context, as in production; what the test has
    written in its session is committed before, and read anew after.
    """

    def __init__(self, app: Flask, before_request: Callable[[], None] | None = None) -> None:
        self.http: FlaskClient = app.test_client()
        self._app = app
        self._before_request = before_request or (lambda: None)

    def get(self, url: str, *, status: int | None = 200, **options: Any) -> Page:
        """Fetch an address; asserts the status (None takes any)."""
        return self._open("GET", url, status, **options)

    def post(
        self,
        url: str,
        data: Data | None = None,
        *,
        status: int | None = None,
        csrf: bool = True,
        follow: bool = False,
        **options: Any,
    ) -> Page:
        """Send a form with a fresh CSRF token. Without `status` any answer below 400 will do."""
        fields = dict(data or {})
        if csrf and "csrf_token" not in fields:
            fields["csrf_token"] = self._token(url)
        page = self._open("POST", url, status, data=fields, **options)
        if status is None:
            assert page.status < 400, f"POST {url}: {page.status} {page.words[:500]}"
        return page.follow() if follow and 300 <= page.status < 400 else page

    def submit(
        self,
        page: Page,
        which: str,
        data: Data | None = None,
        *,
        status: int | None = None,
        follow: bool = False,
    ) -> Page:
        """Send a form of a fetched page with what stands in it, changed by `data`.

        `which` is the text of its submit button, or a selector of the form or of its button. A field
        that the form does not have is a failed assertion: a person could not fill it in either.
        """
        form, button = _form_of(page, which)
        fields = _filled(form, data or {}, button)
        url = (button.get("formaction") if button is not None else None) or form.get("action") or page.url
        if form.get("method", "get").lower() == "get":
            return self.get(url, query_string=fields, status=status)
        if form.get("enctype") == "multipart/form-data":
            return self.post(url, fields, status=status, follow=follow, content_type="multipart/form-data")
        return self.post(url, fields, status=status, follow=follow)

    def sign_in_as(self, session: Session, person: Person) -> None:
        """Sign a person in without the sign-in page: a server-side sign-in and its cookie."""
        token = sessions.start(session, person, device="a test")
        session.commit()
        with self.http.session_transaction() as cookie:
            cookie["_user_id"] = token
            cookie["_fresh"] = True

    def fetch(self, method: str, url: str, **options: Any) -> Page:
        """One request just as it is, whatever comes of it; the answer is not linted."""
        return self._send(method, url, **options)

    def csrf_token(self) -> str:
        """A token as the forms of this client's pages hold it."""
        return self._token("/help")

    def _open(self, method: str, url: str, status: int | None, **options: Any) -> Page:
        page = self._send(method, url, **options)
        if status is not None:
            assert page.status == status, f"{method} {url}: {page.status}, not {status}: {page.text[:2000]}"
        found = faults(page)
        assert not found, f"{method} {url}: " + "; ".join(found)
        return page

    def _send(self, method: str, url: str, **options: Any) -> Page:
        self._before_request()
        response = contextvars.Context().run(self.http.open, url, method=method, buffered=True, **options)
        return Page(url, response, self)

    def _token(self, url: str) -> str:
        """A CSRF token from the page at `url`, else from the help or sign-in page, as a form has it."""
        for address in (url, "/help", "/sign-in"):
            page = self._open("GET", address, None)
            has_token = _is_html(page) and "csrf_token" in page.text
            tokens = page.select("input[name=csrf_token]") if has_token else []
            if tokens:
                return tokens[0].get("value") or ""
        raise AssertionError(f"No form with a csrf_token for {url}, on the help page or the sign-in page")


def _is_html(page: Page) -> bool:
    return page.response.mimetype == "text/html" and not 300 <= page.status < 400


def faults(page: Page) -> list[str]:
    """What is wrong with an answer: its cookies, its headers and, when it is a page, its HTML."""
    found: list[str] = []
    for cookie in page.headers.getlist("Set-Cookie"):
        flags = {part.strip().split("=")[0].lower() for part in cookie.split(";")}
        if not {"httponly", "samesite"} <= flags:
            found.append(f"cookie {cookie.split('=')[0]!r} lacks HttpOnly or SameSite")
    policy = page.headers.get("Content-Security-Policy", "")
    strict = "default-src 'self'" in policy and "unsafe-" not in policy
    boxed = "sandbox" in policy and "allow-" not in policy and "default-src 'none'" in policy  # files
    if not (strict or (boxed and not _is_html(page))):
        found.append(f"Content-Security-Policy is {policy!r}")
    if page.headers.get("X-Content-Type-Options") != "nosniff":
        found.append("X-Content-Type-Options is missing")
    if _is_html(page) and page.response.data.lstrip()[:9].lower() == b"<!doctype":
        found.extend(_problems(page))
    elif _is_html(page) and "X-Fragment" not in page.headers and page.response.data:
        found.append("HTML without a doctype (a part of a page says so with the header X-Fragment)")
    return found


def _problems(page: Page) -> list[str]:
    digest = hashlib.sha256(_TOKEN.sub(r"\1-", page.text).encode()).digest()
    if digest in _faultless:
        return []
    found = lint.problems(page.parsed)
    if not found:
        _faultless.add(digest)
    return found


def _form_of(page: Page, which: str) -> tuple[Element, Element | None]:
    """The form and the button it is sent with, by the button's text or by a selector of either."""
    try:
        found = page.select(which)
    except ValueError:  # a text, no selector
        found = []
    sent = [(form, button) for form in page.select("form") for button in _submits(form)]
    for form, button in sent:
        if which in (text_of(button), button.get("value"), button.get("aria-label")):
            return form, button
    for form, button in sent:
        if form in found or button in found:
            return form, button
    for form in page.select("form"):
        if form in found:
            return form, None
    raise AssertionError(f"{page.url}: no form {which!r}; buttons: {page.texts('form button')}")


def _submits(form: Element) -> list[Element]:
    return [
        button
        for button in select(form, "button, input[type=submit]")
        if button.get("type", "submit") == "submit"
    ]


def _filled(form: Element, data: Data, button: Element | None) -> dict[str, Any]:
    names = {field.get("name") for field in select(form, "input, select, textarea, button")}
    unknown = set(data) - names
    assert not unknown, f"the form has no field {sorted(unknown)}; it has {sorted(n for n in names if n)}"
    fields: dict[str, list[Any]] = {}
    for field in select(form, "input, select, textarea"):
        name = field.get("name")
        if name and field.get("disabled") is None:
            fields.setdefault(name, []).extend(_values(field))
    if button is not None and button.get("name"):
        fields[button.get("name") or ""] = [button.get("value") or ""]
    for name, value in data.items():
        fields[name] = list(value) if isinstance(value, list | set) else [value]
    return {name: values[0] if len(values) == 1 else values for name, values in fields.items() if values}


def _values(field: Element) -> list[str]:
    if field.tag == "textarea":
        text = field.text or ""
        return [text.removeprefix("\n") if text.startswith("\n\n") else text]
    if field.tag == "select":
        options = select(field, "option")
        chosen = [o for o in options if o.get("selected") is not None]
        if not chosen and field.get("multiple") is None:
            chosen = options[:1]
        return [o.get("value") if o.get("value") is not None else text_of(o) for o in chosen]  # type: ignore[misc]
    kind = field.get("type", "text")
    if kind in ("submit", "button", "reset", "image", "file"):
        return []
    if kind in ("checkbox", "radio"):
        return [field.get("value") or "on"] if field.get("checked") is not None else []
    return [field.get("value") or ""]
