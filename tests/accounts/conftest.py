"""Signing in through the page, counting hashes, and reading the security log."""

import logging
from types import SimpleNamespace

import argon2
import pytest
import sqlalchemy as sa

from portal.accounts.models import SignIn
from tests.support.world import PASSWORD


@pytest.fixture
def sign_in():
    """Sends the sign-in form as it stands on the page, from a network address of one's choice."""

    def _sign_in(client, email, password=PASSWORD, *, place="192.0.2.1", agent="", wanted="", status=None):
        here = {"environ_base": {"REMOTE_ADDR": place, "HTTP_USER_AGENT": agent}}
        page = client.get("/sign-in", query_string={"next": wanted}, **here)
        fields = {
            "csrf_token": page.one("main input[name=csrf_token]").get("value"),
            "next": page.one("main input[name=next]").get("value"),
            "email": email,
            "password": password,
        }
        return client.post("/sign-in", fields, status=status, **here)

    return _sign_in


@pytest.fixture
def hashing(monkeypatch):
    """Counts argon2's work: `hashing.verified` and `hashing.hashed`."""
    counts = SimpleNamespace(verified=0, hashed=0)
    inside = argon2._password_hasher  # below the hasher, where the work is done
    verify, make = inside.verify_secret, inside.hash_secret

    def _verify(*arguments, **options):
        counts.verified += 1
        return verify(*arguments, **options)

    def _hash(*arguments, **options):
        counts.hashed += 1
        return make(*arguments, **options)

    monkeypatch.setattr(inside, "verify_secret", _verify)
    monkeypatch.setattr(inside, "hash_secret", _hash)
    return counts


@pytest.fixture
def security_log(caplog):
    """`security_log()` gives the lines of the security log so far."""
    caplog.set_level(logging.INFO, "portal.security")
    return lambda: [record.getMessage() for record in caplog.records if record.name == "portal.security"]


@pytest.fixture
def sign_ins(session):
    """`sign_ins(person)` gives the rows of a person's sign-ins as they are now."""

    def _rows(person):
        session.commit()
        return session.scalars(sa.select(SignIn).where(SignIn.person_id == person.id)).all()

    return _rows
