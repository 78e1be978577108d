"""Devices: the names they are listed under, and the cookie by which one is known again.

The cookie says "these accounts signed in here before". It gives no access; it only gives its device
a lane of its own when failures are counted (docs/adr/0009-sign-in-throttling.md). It is signed, so
nobody can make one, and lists accounts as keyed fingerprints, so nobody can read one.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from itsdangerous import BadSignature, URLSafeTimedSerializer

COOKIE: Final = "device"
KEPT_FOR: Final = timedelta(days=400)
"""What browsers allow at most."""
_MOST_ACCOUNTS: Final = 8

# The first that matches: names contain each other's words (Edge says Chrome, Chrome says Safari).
_BROWSERS: Final = (
    (r"\bEdg(A|iOS)?/", "Edge"),
    (r"\bOPR/", "Opera"),
    (r"\b(Firefox|FxiOS)/", "Firefox"),
    (r"\bSamsungBrowser/", "Samsung Internet"),
    (r"\b(Chrome|CriOS|Chromium|HeadlessChrome)/", "Chrome"),
    (r"\bSafari/", "Safari"),
)
_SYSTEMS: Final = (
    (r"\biPhone\b", "iPhone"),
    (r"\biPad\b", "iPad"),
    (r"\bAndroid\b", "Android"),
    (r"\bCrOS\b", "ChromeOS"),
    (r"\bWindows\b", "Windows"),
    (r"\b(Macintosh|Mac OS X)\b", "Mac"),
    (r"\bLinux\b", "Linux"),
)


@dataclass(frozen=True, slots=True)
class Device:
    """A browser that somebody signed in from: its random id, and the accounts, the latest last."""

    id: str
    accounts: tuple[str, ...] = ()

    def knows(self, account: str) -> bool:
        """Whether this account (a fingerprint) signed in from here before."""
        return account in self.accounts

    def with_account(self, account: str) -> "Device":
        """The device after this account signed in from it."""
        others = tuple(known for known in self.accounts if known != account)
        return Device(self.id, (*others, account)[-_MOST_ACCOUNTS:])


def read(cookie: str | None, secret: str) -> Device:
    """The device a cookie speaks of; a new one when there is no cookie or it is not ours."""
    try:
        found = _serializer(secret).loads(cookie or "", max_age=int(KEPT_FOR.total_seconds()))
    except BadSignature:
        return Device(secrets.token_hex(16))
    return Device(found["id"], tuple(found["accounts"]))


def write(device: Device, secret: str) -> str:
    """The cookie for a device."""
    return _serializer(secret).dumps({"id": device.id, "accounts": list(device.accounts)})


def name_of(user_agent: str | None) -> str:
    """A device in words, "Firefox on Linux", from what a browser says of itself. Never quotes it."""
    text = (user_agent or "")[:500]
    browser = next((name for pattern, name in _BROWSERS if re.search(pattern, text)), "")
    system = next((name for pattern, name in _SYSTEMS if re.search(pattern, text)), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "Another device"


def _serializer(secret: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt="portal.accounts.device")
