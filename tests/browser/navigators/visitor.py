"""Somebody in front of a browser, in words: what they do and what they see."""

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

PASSWORD = "lantern-harbour-42"


class Visitor:
    """One person with one browser window."""

    def __init__(self, page: Page, allow: Callable[[str], None], *, scripts: bool = True) -> None:
        self.page = page
        self.scripts = scripts
        self._allow = allow

    def visit(self, path: str) -> None:
        """Type an address."""
        self.page.goto(path)

    def expects_error(self, status: int) -> None:
        """Say that a page with this status will come; browsers note it in the console."""
        self._allow(f"status of {status}")

    def expects_failure(self) -> None:
        """Say that a request will be cut off; browsers note it in the console."""
        self._allow("net::ERR_FAILED")

    def sees_heading(self, text: str) -> None:
        """The page has this h1."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(text)

    def sees(self, text: str) -> None:
        """The text stands somewhere in the main part."""
        expect(self.main.get_by_text(text).first).to_be_visible()

    def is_at(self, path: str) -> None:
        """The address of the page is this."""
        expect(self.page).to_have_url(path)

    @property
    def main(self) -> Locator:
        """The main part of the page."""
        return self.page.get_by_role("main")

    def sign_in(self, name: str, password: str = PASSWORD) -> None:
        """Sign in as one of the sample people, from the sign-in page."""
        if "/sign-in" not in self.page.url:
            self.visit("/sign-in")
        self.main.get_by_label("E-mail address").fill(f"{name}@larkspur.example")
        self.main.get_by_label("Password", exact=True).fill(password)
        self.main.get_by_role("button", name="Sign in").click()

    def sign_out(self) -> None:
        """Sign out by the menu."""
        self.page.get_by_label("Your menu").click()
        self.page.get_by_role("button", name="Sign out").click()
