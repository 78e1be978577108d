"""Settings that cannot be used stop the start with their name and what to do."""

import pytest

import config
from portal.settings import SettingsError


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORTAL_SESSION_IDLE_MINUTES", "0"),
        ("PORTAL_SESSION_IDLE_MINUTES", "12h"),
        ("PORTAL_SESSION_HOURS", "0"),
        ("PORTAL_SESSION_HOURS", "999999999"),
        ("PORTAL_SESSION_HOURS", "9" * 5000),
        ("PORTAL_MAX_BODY_KB", "0"),
        ("PORTAL_TRUSTED_PROXIES", "-1"),
        ("PORTAL_TRUSTED_PROXIES", "99"),
        ("PORTAL_COOKIE_SECURE", "maybe"),
        ("PORTAL_ENV", "Production"),
        ("PORTAL_SECRET_KEY", "short"),
        ("DATABASE_URL", "portal.sqlite3"),
        ("DATABASE_URL", "mysql://portal:hunter2@db/portal"),
        ("DATABASE_URL", "postgresql://portal:hunter2@db:port/portal"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(tmp_path, name, value):
    with pytest.raises(SettingsError, match=name) as caught:
        config.from_env({"PORTAL_DATA": str(tmp_path), name: value})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_is_reached_by_the_driver_that_is_installed(tmp_path, scheme):
    settings = config.from_env({"PORTAL_DATA": str(tmp_path), "DATABASE_URL": f"{scheme}://portal@db/portal"})
    assert settings.database_url == "postgresql+psycopg://portal@db/portal"


@pytest.mark.parametrize("missing", ["PORTAL_DATA", "PORTAL_SECRET_KEY", "DATABASE_URL", "PORTAL_HOSTS"])
def test_production_has_no_default_for_what_must_be_chosen(tmp_path, missing):
    environ = {
        "PORTAL_ENV": "production",
        "PORTAL_DATA": str(tmp_path),
        "PORTAL_SECRET_KEY": "x" * 40,
        "DATABASE_URL": "sqlite:////nowhere/portal.sqlite3",
        "PORTAL_HOSTS": "help.example",
    }
    assert config.from_env(environ).cookie_secure
    del environ[missing]
    with pytest.raises(SettingsError, match=missing):
        config.from_env(environ)
