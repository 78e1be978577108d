"""The knowledge base as it is stored: topics, articles, their revisions, renderings and files."""

import enum
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.accounts.models import Audience, Person, Team
from portal.db import Base, enum_by_value


class State(enum.Enum):
    """Where an article stands. A published one may have a newer draft; readers see the live one."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class Topic(Base):
    """A node of the tree of subjects. `path` is the slugs from the root joined by `/`, unique."""

    __tablename__ = "topic"

    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("topic.id"), index=True)
    path: Mapped[str] = mapped_column(sa.String(255), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    summary: Mapped[str] = mapped_column(sa.Text, default="")
    position: Mapped[int] = mapped_column(default=0)
    review_days: Mapped[int] = mapped_column(default=180)

    parent: Mapped["Topic | None"] = relationship(remote_side=[id])


class Article(Base):
    """One task or question and its answer.

    What readers see is the `live` revision; authors work on the `latest`. Topic, audience and
    ownership stand on the article itself and take effect at once, so that taking a right to see
    away never waits for a publication.
    """

    __tablename__ = "article"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(120), unique=True)
    state: Mapped[State] = mapped_column(enum_by_value(State), default=State.DRAFT)
    version: Mapped[int] = mapped_column(default=1)
    """Grows with every change that a person makes; a save from an older one is a Conflict."""
    topic_id: Mapped[int] = mapped_column(sa.ForeignKey("topic.id"), index=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"), index=True)
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    audience_id: Mapped[int] = mapped_column(sa.ForeignKey("audience.id"), index=True)
    review_days: Mapped[int] = mapped_column(default=180)
    checked_on: Mapped[date | None]
    review_due: Mapped[date | None] = mapped_column(index=True)
    published_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
    live_id: Mapped[int | None] = mapped_column(sa.ForeignKey("revision.id", use_alter=True), unique=True)
    latest_id: Mapped[int | None] = mapped_column(sa.ForeignKey("revision.id", use_alter=True), unique=True)

    topic: Mapped[Topic] = relationship()
    team: Mapped[Team] = relationship()
    owner: Mapped[Person | None] = relationship()
    audience: Mapped[Audience] = relationship()
    live: Mapped["Revision | None"] = relationship(foreign_keys=[live_id], post_update=True)
    latest: Mapped["Revision | None"] = relationship(foreign_keys=[latest_id], post_update=True)
    revisions: Mapped[list["Revision"]] = relationship(
        back_populates="article",
        foreign_keys="Revision.article_id",
        order_by="Revision.number",
        cascade="all, delete-orphan",
    )


class Revision(Base):
    """The text of an article as saved once; never changed afterwards."""

    __tablename__ = "revision"
    __table_args__ = (sa.UniqueConstraint("article_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(sa.ForeignKey("article.id", ondelete="CASCADE"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(sa.String(200))
    answer: Mapped[str] = mapped_column(sa.Text, default="")
    body: Mapped[str] = mapped_column(sa.Text, default="")
    keywords: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    questions: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    language: Mapped[str] = mapped_column(sa.String(20), default="en", server_default="en")
    """Tag of the language that all of this is written in: "de", "pt-BR"."""
    note: Mapped[str] = mapped_column(sa.String(300), default="")
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    form_token: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    """Random text of the form that was sent, so that sending it twice saves once."""

    article: Mapped[Article] = relationship(back_populates="revisions", foreign_keys=[article_id])
    author: Mapped[Person | None] = relationship()


class Rendering(Base):
    """A revision's body as safe HTML, made once for each version of the renderer."""

    __tablename__ = "rendering"

    revision_id: Mapped[int] = mapped_column(
        sa.ForeignKey("revision.id", ondelete="CASCADE"), primary_key=True
    )
    renderer: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    html: Mapped[str] = mapped_column(sa.Text)
    words: Mapped[int] = mapped_column(default=0)
    sections: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON, default=list)
    """In order: {"anchor": "", "level": 0, "heading": "", "text": plain text}; the first has no
    anchor and holds what stands before the first heading."""


class Alias(Base):
    """An old address of an article; it redirects to the present one."""

    __tablename__ = "alias"

    slug: Mapped[str] = mapped_column(sa.String(120), primary_key=True)
    article_id: Mapped[int] = mapped_column(sa.ForeignKey("article.id", ondelete="CASCADE"), index=True)

    article: Mapped[Article] = relationship()


class Attachment(Base):
    """A file that belongs to an article; seen by whoever may see the article.

    The bytes lie in the attachments folder under their SHA-256.
    """

    __tablename__ = "attachment"
    __table_args__ = (sa.UniqueConstraint("article_id", "path"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(sa.ForeignKey("article.id", ondelete="CASCADE"))
    path: Mapped[str] = mapped_column(sa.String(500))
    """Path in the folder it was imported from, relative to that folder's root."""
    name: Mapped[str] = mapped_column(sa.String(200))
    media_type: Mapped[str] = mapped_column(sa.String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(sa.String(64), index=True)

    article: Mapped[Article] = relationship()


class ImportedFile(Base):
    """The file an article came from, word for word, so that an import can be repeated and undone."""

    __tablename__ = "imported_file"
    __table_args__ = (sa.UniqueConstraint("source", "path"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(sa.String(80))
    """Name of the import, by default that of its folder; two imports may hold equal paths."""
    path: Mapped[str] = mapped_column(sa.String(500))
    sha256: Mapped[str] = mapped_column(sa.String(64))
    text: Mapped[str] = mapped_column(sa.Text)
    extra: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    """Front matter that the portal has no field for; kept for export."""
    article_id: Mapped[int] = mapped_column(sa.ForeignKey("article.id", ondelete="CASCADE"), unique=True)
    revision_id: Mapped[int | None] = mapped_column(sa.ForeignKey("revision.id"))
    """The revision that this file became; while it is the live one, export gives `text` back."""
    version: Mapped[int] = mapped_column(default=0)
    """The article's version after the import."""

    article: Mapped[Article] = relationship()
