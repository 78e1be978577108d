"""The configuration of a deployment: reads environment variables, builds `Settings`.

`docs/operations.md` lists every variable. In production nothing secret has a default.
"""

import os
import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from portal.settings import Settings, SettingsError

ROOT = Path(__file__).resolve().parent
YEAR = 365 * 24
"""Hours in a year: no sign-in lasts longer."""


def from_env(environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from environment variables.

    Raises SettingsError with the variable's name and what to do when one is missing or wrong.
    """
    environment = environ.get("PORTAL_ENV", "development")
    production = environment == "production"
    data_dir = Path(environ.get("PORTAL_DATA", "" if production else str(ROOT / "instance")))
    if production and not environ.get("PORTAL_DATA"):
        raise SettingsError("PORTAL_DATA is missing: set it to a folder that this server may write to.")
    secret = environ.get("PORTAL_SECRET_KEY", "")
    database_url = environ.get("DATABASE_URL", "")
    if not production:
        secret = secret or _development_secret(data_dir)
        database_url = database_url or f"sqlite:///{data_dir / 'portal.sqlite3'}"
    return Settings(
        environment=environment,  # type: ignore[arg-type]  # checked by Settings itself
        secret_key=secret,
        database_url=_driver(database_url),
        data_dir=data_dir,
        site_name=environ.get("PORTAL_NAME", "Larkspur Help" if not production else "Portal"),
        allowed_hosts=_names(environ.get("PORTAL_HOSTS", "" if production else "127.0.0.1,localhost,[::1]")),
        cookie_secure=_flag(environ, "PORTAL_COOKIE_SECURE", default=production),
        session_idle=timedelta(
            minutes=_number(environ, "PORTAL_SESSION_IDLE_MINUTES", 12 * 60, most=YEAR * 60)
        ),
        session_absolute=timedelta(hours=_number(environ, "PORTAL_SESSION_HOURS", 7 * 24, most=YEAR)),
        max_body_bytes=_number(environ, "PORTAL_MAX_BODY_KB", 2048, most=1024 * 1024) * 1024,
        trusted_proxies=_number(environ, "PORTAL_TRUSTED_PROXIES", 0, least=0, most=10),
    )


def _development_secret(data_dir: Path) -> str:
    """A random secret kept beside the development database, so that sign-ins survive a restart."""
    path = data_dir / "secret-key"
    if not path.exists():
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = path.with_name(f"secret-key.{os.getpid()}")
        partial.write_text(secrets.token_hex(32))
        partial.chmod(0o600)
        try:
            os.link(partial, path)
        except FileExistsError:
            pass  # another process was first; its secret counts
        finally:
            partial.unlink()
    return path.read_text().strip()


def _driver(url: str) -> str:
    """The address with the driver that is installed. Raises SettingsError for another database."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            url = "postgresql+psycopg://" + url.removeprefix(prefix)
    try:
        known = not url or make_url(url).drivername in ("sqlite", "postgresql+psycopg")
    except (ArgumentError, ValueError):
        known = False
    if not known:  # the address is not told: there may be a password in it
        raise SettingsError(
            "DATABASE_URL cannot be used: write sqlite:////path/portal.sqlite3 or postgresql://user@host/name."
        )
    return url


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip().lower() for name in text.split(",") if name.strip())


def _flag(environ: Mapping[str, str], name: str, *, default: bool) -> bool:
    value = environ.get(name, "").lower()
    if value not in ("", "0", "1", "true", "false", "yes", "no"):
        raise SettingsError(f"{name} is {value!r}: set it to 1 or 0.")
    return default if value == "" else value in ("1", "true", "yes")


def _number(environ: Mapping[str, str], name: str, default: int, *, least: int = 1, most: int) -> int:
    value = environ.get(name, "")
    if value == "":
        return default
    if not value.isdecimal() or len(value) > 10 or not least <= int(value) <= most:
        raise SettingsError(f"{name} is {value!r}: set it to a whole number from {least} to {most}.")
    return int(value)
