import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.accounts import devices
from portal.accounts.devices import Device

SECRET = "a secret of the tests, long enough"


WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
BLINK = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64) {BLINK} Safari/537.36 Edg/139.0.0.0", "Edge on Windows"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 1) {BLINK} Safari/537.36", "Chrome on ChromeOS"),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Safari/605.1.15", "Safari on Mac"),
        (f"Mozilla/5.0 (iPhone; like Mac OS X) {WEBKIT} CriOS/139.0 Safari/604.1", "Chrome on iPhone"),
        (f"Mozilla/5.0 (iPad; like Mac OS X) {WEBKIT} EdgiOS/139.0 Safari/604.1", "Edge on iPad"),
        (f"Mozilla/5.0 (Linux; Android 15) {BLINK} SamsungBrowser/28.0", "Samsung Internet on Android"),
        (f"Mozilla/5.0 (X11; Linux x86_64) {BLINK} Safari/537.36 OPR/120.0", "Opera on Linux"),
        ("curl/8.14.1", "Another device"),
        ("", "Another device"),
        (None, "Another device"),
        ("(Windows)", "Windows"),
        ("Firefox/1", "Firefox"),
    ],
)
def test_devices_by_name(user_agent, name):
    assert devices.name_of(user_agent) == name


@given(st.text())
def test_a_name_never_quotes_what_the_browser_says(text):
    name = devices.name_of(text)
    words = {"on", *(word for _, label in devices._BROWSERS + devices._SYSTEMS for word in label.split())}
    assert set(name.split()) <= words | {"Another", "device"}


def test_a_cookie_is_read_as_written():
    device = Device("0123").with_account("ana").with_account("ben").with_account("ana")
    assert device.accounts == ("ben", "ana")
    assert devices.read(devices.write(device, SECRET), SECRET) == device
    assert device.knows("ana")
    assert not device.knows("eva")


def test_only_the_latest_accounts_of_a_shared_device_are_kept():
    device = Device("0123")
    for number in range(20):
        device = device.with_account(f"person {number}")
    assert device.accounts == tuple(f"person {number}" for number in range(12, 20))


@pytest.mark.parametrize("cookie", [None, "", "x", "a.b.c", "é" * 50])
def test_without_a_cookie_of_ours_a_device_is_new(cookie):
    assert devices.read(cookie, SECRET).accounts == ()
    assert devices.read(cookie, SECRET).id != devices.read(cookie, SECRET).id


def test_a_cookie_signed_with_another_secret_is_not_ours():
    cookie = devices.write(Device("0123", ("ana",)), "another secret")
    assert not devices.read(cookie, SECRET).knows("ana")
