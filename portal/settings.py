"""Everything that can be set about a deployment, typed and checked at start."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

Environment = Literal["development", "test", "production"]
HashCost = Literal["standard", "cheap"]

MIN_SECRET_LENGTH = 32


class SettingsError(ValueError):
    """The settings cannot be used; the message names the variable and says what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one deployment. Build it with `config.from_env()`, or by hand in tests."""

    environment: Environment
    secret_key: str = field(repr=False)
    """Signs the session cookie and forms. At least 32 characters."""
    database_url: str = field(repr=False)
    """SQLAlchemy address of the database, `sqlite:///…` or `postgresql+psycopg://…`."""
    data_dir: Path
    """Folder for the search index and attachments; created with mode 0700."""
    site_name: str = "Portal"
    allowed_hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
    """Host names this server answers to; anything else gets 400."""
    cookie_secure: bool = True
    session_idle: timedelta = timedelta(hours=12)
    session_absolute: timedelta = timedelta(days=7)
    hash_cost: HashCost = "standard"
    """How much work a password hash is; "cheap" is for tests."""
    max_body_bytes: int = 2 * 1024 * 1024
    """Largest request body that is read; more gets 413."""
    trusted_proxies: int = 0
    """How many reverse proxies in front set X-Forwarded-*; 0 trusts none."""

    @property
    def production(self) -> bool:
        return self.environment == "production"

    @property
    def index_dir(self) -> Path:
        return self.data_dir / "index"

    @property
    def attachments_dir(self) -> Path:
        return self.data_dir / "attachments"

    def __post_init__(self) -> None:
        if self.environment not in ("development", "test", "production"):
            raise SettingsError(
                f"PORTAL_ENV is {self.environment!r}: set it to development, test or production."
            )
        if len(self.secret_key) < MIN_SECRET_LENGTH:
            raise SettingsError(
                f"PORTAL_SECRET_KEY is missing or shorter than {MIN_SECRET_LENGTH} characters: "
                "set it to a long random text, for example from `openssl rand -hex 32`."
            )
        if not self.database_url:
            raise SettingsError("DATABASE_URL is missing: set it to the address of the database.")
        if not self.allowed_hosts:
            raise SettingsError("PORTAL_HOSTS is missing: name the hosts this server answers to.")
        if self.environment == "production" and self.hash_cost != "standard":
            raise SettingsError("Cheap password hashes are for tests, not for production.")
        if self.environment == "production" and not self.cookie_secure:
            raise SettingsError("PORTAL_COOKIE_SECURE must stay on in production: serve over HTTPS.")
