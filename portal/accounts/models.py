"""People, where they work, what they belong to, and their sign-ins."""

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.db import Base, enum_by_value


class Employment(enum.Enum):
    """How a person is employed; an audience attribute."""

    EMPLOYEE = "employee"
    CONTRACTOR = "contractor"
    INTERN = "intern"


class Role(enum.Enum):
    """What a person does for one team. A lead also does what agents and authors do."""

    AGENT = "agent"
    AUTHOR = "author"
    LEAD = "lead"


class Site(Base):
    """A place of work. `country` is ISO 3166-1 alpha-2, `time_zone` an IANA name."""

    __tablename__ = "site"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(80), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    country: Mapped[str] = mapped_column(sa.String(2))
    time_zone: Mapped[str] = mapped_column(sa.String(64))


class Department(Base):
    """A department, as in the company's chart."""

    __tablename__ = "department"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(80), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120))


class Team(Base):
    """A team that owns articles and answers requests. `purpose` says what to ask it about."""

    __tablename__ = "team"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(80), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    purpose: Mapped[str] = mapped_column(sa.Text, default="")
    email: Mapped[str] = mapped_column(sa.String(254), default="")
    phone: Mapped[str] = mapped_column(sa.String(40), default="")

    memberships: Mapped[list["Membership"]] = relationship(
        back_populates="team", cascade="all, delete-orphan"
    )


class Person(Base):
    """A colleague. Without a password hash they cannot sign in by password (identity providers)."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(sa.String(254), unique=True)
    """Case-folded; the sign-in name."""
    name: Mapped[str] = mapped_column(sa.String(120))
    title: Mapped[str] = mapped_column(sa.String(120), default="")
    password_hash: Mapped[str | None] = mapped_column(sa.String(255))
    active: Mapped[bool] = mapped_column(default=True)
    admin: Mapped[bool] = mapped_column(default=False)
    sample: Mapped[bool] = mapped_column(default=False)
    """Loaded with the sample organisation; refused to sign in when in production."""
    employment: Mapped[Employment] = mapped_column(enum_by_value(Employment), default=Employment.EMPLOYEE)
    department_id: Mapped[int | None] = mapped_column(sa.ForeignKey("department.id"), index=True)
    site_id: Mapped[int | None] = mapped_column(sa.ForeignKey("site.id"), index=True)
    manager_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    department: Mapped[Department | None] = relationship(lazy="joined")
    site: Mapped[Site | None] = relationship(lazy="joined")
    manager: Mapped["Person | None"] = relationship(remote_side=[id])
    memberships: Mapped[list["Membership"]] = relationship(
        back_populates="person", cascade="all, delete-orphan", lazy="selectin"
    )

    def teams_as(self, *roles: Role) -> frozenset[int]:
        """Ids of the teams in which this person has one of `roles`; all teams of theirs if none given."""
        return frozenset(
            membership.team_id for membership in self.memberships if not roles or membership.role in roles
        )


class Membership(Base):
    """One role of one person in one team; a person may hold several."""

    __tablename__ = "membership"
    __table_args__ = (sa.UniqueConstraint("person_id", "team_id", "role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"))
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(enum_by_value(Role))

    person: Mapped[Person] = relationship(back_populates="memberships")
    team: Mapped[Team] = relationship(back_populates="memberships", lazy="joined")


class Audience(Base):
    """A distinct set of rules on who may see something; shared by all things with the same rules.

    `rules` maps a kind (`countries`, `sites`, `departments`, `employment`, `teams`) to the values
    allowed; kinds are joined by AND, values within a kind by OR. No rules: everyone.
    `key` is the canonical text of the rules, e.g. `countries=DE,GB;departments=design`, or `everyone`.
    """

    __tablename__ = "audience"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(1000), unique=True)
    rules: Mapped[dict[str, Any]] = mapped_column(sa.JSON)


class SignIn(Base):
    """A server-side session. The cookie carries a random token; only its SHA-256 is stored."""

    __tablename__ = "sign_in"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), index=True)
    device: Mapped[str] = mapped_column(sa.String(120), default="")
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    seen_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)

    person: Mapped[Person] = relationship()


class Throttle(Base):
    """Failed sign-ins against one key (an account from one place, a place, or an account)."""

    __tablename__ = "throttle"

    key: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    failed_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    blocked_until: Mapped[datetime | None]
