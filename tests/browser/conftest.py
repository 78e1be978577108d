"""Journeys through a real browser (Debian's Chromium) on a real server with the sample organisation."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.navigators.visitor import Visitor
from tests.support import server
from tests.support.code import ROOT

SCREENSHOTS = ROOT / "build" / "screenshots"
WIDTHS = (320, 768, 1280)
SCHEMES = ("light", "dark")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is a journey."""
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the portal with the sample organisation runs."""
    with server.running(tmp_path_factory.mktemp("portal")) as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all journeys; each has a context of its own."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert program, "Chromium is not installed (Debian: apt-get install chromium)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


class Watched:
    """What must not happen on any page: scripts that fail, refused inline code, foreign requests."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.problems: list[str] = []
        self.expected: set[str] = set()
        self._host = urlsplit(address).netloc
        context.on("weberror", lambda error: self._note(f"script failed: {error.error}"))
        context.on("console", lambda message: self._console(message.type, message.text))
        context.on("request", lambda request: self._request(request.url))

    def allow(self, text: str) -> None:
        """Let a message that contains `text` pass: a journey that ends on an error page says so."""
        self.expected.add(text)

    def _console(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self._note(f"console {kind}: {text}")

    def _request(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != self._host:
            self._note(f"request to {url}")

    def _note(self, problem: str) -> None:
        if not any(text in problem for text in self.expected):
            self.problems.append(problem)


@pytest.fixture
def new_visitor(browser: Browser, address: str) -> Iterator[Callable[..., Visitor]]:
    """Makes people in front of browsers of their own; `scripts=False` turns JavaScript off."""
    opened: list[tuple[BrowserContext, Watched]] = []

    def _new(*, scripts: bool = True, width: int = 1280) -> Visitor:
        context = browser.new_context(
            base_url=address, viewport={"width": width, "height": 800}, java_script_enabled=scripts
        )
        context.set_default_timeout(10_000)
        watched = Watched(context, address)
        opened.append((context, watched))
        return Visitor(context.new_page(), watched.allow, scripts=scripts)

    yield _new
    for context, _ in opened:
        context.close()
    assert [problem for _, watched in opened for problem in watched.problems] == []


@pytest.fixture
def visitor(new_visitor: Callable[..., Visitor]) -> Visitor:
    """Somebody in front of a browser, not signed in."""
    return new_visitor()


def _looks(page: Page, widths: tuple[int, ...]) -> Iterator[tuple[int, str]]:
    """Show the page at each width, light and dark; as it was afterwards."""
    before = page.viewport_size
    page.bring_to_front()  # a page behind another one is not painted, and scripts in it wait
    for width in widths:
        page.set_viewport_size({"width": width, "height": 800})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            yield width, scheme
    page.emulate_media(color_scheme=None, reduced_motion=None)
    if before:
        page.set_viewport_size(before)


@contextlib.contextmanager
def _scannable(visitor: Visitor, browser: Browser) -> Iterator[Page]:
    """The visitor's page. axe needs scripts: for somebody without, their page as it stands, in a
    browser with scripts but without ours."""
    if visitor.scripts:
        yield visitor.page
        return
    url, text = visitor.page.url, visitor.page.content()
    context = browser.new_context(viewport=visitor.page.viewport_size)
    context.route("**/*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    context.route(url, lambda route: route.fulfill(body=text, content_type="text/html"))
    page = context.new_page()
    page.goto(url)
    yield page
    context.close()


@pytest.fixture
def axe(browser: Browser) -> Callable[[Visitor], None]:
    """Asserts that axe finds nothing and the page fits its width: at 320 and 1280 px, light and dark."""

    def _scan(visitor: Visitor) -> None:
        with _scannable(visitor, browser) as page:
            for width, scheme in _looks(page, (320, 1280)):
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, f"{page.url} is {wide} px wide on a screen of {width}"
                found = Axe().run(page)
                assert found.violations_count == 0, (
                    f"{page.url} at {width} px, {scheme}:\n{found.generate_report()}"
                )

    return _scan


@pytest.fixture
def screenshots() -> Callable[[Visitor, str], list[Path]]:
    """Saves pictures of the whole page as build/screenshots/NAME-WIDTH-SCHEME.png at 320, 768 and
    1280 px, light and dark."""

    def _save(visitor: Visitor, name: str) -> list[Path]:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        saved = []
        for width, scheme in _looks(visitor.page, WIDTHS):
            path = SCREENSHOTS / f"{name}-{width}-{scheme}.png"
            visitor.page.screenshot(path=path, full_page=True)
            saved.append(path)
        return saved

    return _save
