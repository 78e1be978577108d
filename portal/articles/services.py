"""Writing, publishing and putting away articles: every change to an article is made here.

`by=None` stands for the portal itself (an import); then no right is asked for.
"""

from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts import audiences, permissions
from portal.accounts.models import Person
from portal.articles import drafts, rendering, slugs
from portal.articles.drafts import Draft
from portal.articles.models import Alias, Article, Revision, State
from portal.errors import Conflict, Invalid, NotFound, WrongState
from portal.indexing import outbox

__all__ = [
    "Draft",
    "archive",
    "confirm",
    "create",
    "publish",
    "rename",
    "restore",
    "save",
    "unarchive",
]

SLUG_TRIES = 5


def create(
    session: Session,
    draft: Draft,
    *,
    note: str = "",
    slug: str | None = None,
    form_token: str | None = None,
    by: Person | None,
) -> Article:
    """A new article in the state DRAFT with `draft` as its first revision.

    Without `slug` the address is made of the title. A `form_token` that was used before gives the
    article it made. Raises Invalid with fields (see `drafts.checked`; `slug`, `note`), NotAllowed,
    Conflict (the form was sent before with another text).
    """
    _require(by, "write", draft.team_id)
    draft, note = drafts.checked(session, draft), drafts.checked_note(note)
    before = _sent_before(session, form_token, draft, by=by)
    if before is not None:
        return before.article
    if slug is not None:
        return _insert(
            session, draft, slug=slugs.checked_slug(session, slug), note=note, form_token=form_token, by=by
        )
    for _ in range(SLUG_TRIES):
        wanted = slugs.free_slug(session, draft.title)
        try:
            with session.begin_nested():
                return _insert(session, draft, slug=wanted, note=note, form_token=form_token, by=by)
        except IntegrityError:
            # somebody else took the address, or sent this very form, since we looked
            before = _sent_before(session, form_token, draft, by=by)
            if before is not None:
                return before.article
    raise Conflict("Several pages with this title were made at the same moment. Save again.")


def save(
    session: Session,
    article: Article,
    draft: Draft,
    *,
    version: int,
    note: str = "",
    form_token: str | None = None,
    by: Person | None,
) -> Revision:
    """Save `draft` as the latest revision of `article`; topic, audience and owners change at once.

    `version` is the article's version that the author started from: raises Conflict when it is no
    longer the present one. A `form_token` that was used before gives the revision it made. Raises
    Invalid with fields, NotAllowed (both teams must allow it when the team changes), WrongState.
    """
    _lock(session, article)
    _require(by, "write", article.team_id)
    _require(by, "write", draft.team_id)
    draft, note = drafts.checked(session, draft), drafts.checked_note(note)
    before = _sent_before(session, form_token, draft, by=by, article=article)
    if before is not None:
        return before
    _check_version(article, version)
    _check_not_archived(article)
    if article.state is State.PUBLISHED and _moves(article, draft):
        # what colleagues see changes at once
        _require(by, "publish", article.team_id)
        _require(by, "publish", draft.team_id)
    _place(session, article, draft)
    revision = _add_revision(session, article, draft, note=note, form_token=form_token, by=by)
    _touch(session, article)
    return revision


def publish(
    session: Session,
    article: Article,
    *,
    version: int | None = None,
    by: Person | None,
    on: date | None = None,
) -> None:
    """Show the latest revision to readers; it counts as checked on `on`, by default today.

    Does nothing when the latest revision is already live. Raises NotAllowed, Conflict (`version` given
    and not the present one), WrongState (archived), Invalid (nothing written, or not renderable).
    """
    _lock(session, article)
    _require(by, "publish", article.team_id)
    if article.state is State.PUBLISHED and article.live_id == article.latest_id and on is None:
        return
    if version is not None:
        _check_version(article, version)
    _check_not_archived(article)
    latest = article.latest
    if latest is None or not (latest.answer or latest.body.strip()):
        message = "Write the answer before you publish: the page is empty."
        raise Invalid(message, body=message)
    rendering.render_revision(session, latest)
    article.live = latest
    article.state = State.PUBLISHED
    article.published_at = clock.now()
    _check_on(article, on or clock.today())
    _touch(session, article)


def confirm(session: Session, article: Article, *, by: Person | None) -> None:
    """Note that the live text is still correct: checked today, due again after the interval.

    Raises NotAllowed, WrongState (not published).
    """
    _lock(session, article)
    _require(by, "publish", article.team_id)
    if article.state is not State.PUBLISHED:
        raise WrongState("Only a published page can be confirmed as still correct.")
    if article.checked_on == clock.today() and article.review_due == _due(article, clock.today()):
        return
    _check_on(article, clock.today())
    _touch(session, article)


def archive(session: Session, article: Article, *, by: Person | None) -> None:
    """Take `article` away from readers; nothing is deleted. Raises NotAllowed."""
    _lock(session, article)
    _require(by, "archive", article.team_id)
    if article.state is not State.ARCHIVED:
        article.state = State.ARCHIVED
        _touch(session, article, indexed=True)


def unarchive(session: Session, article: Article, *, by: Person | None) -> None:
    """Bring an archived article back as a draft, so that somebody reads it before colleagues do.

    Raises NotAllowed.
    """
    _lock(session, article)
    _require(by, "archive", article.team_id)
    if article.state is State.ARCHIVED:
        article.state = State.DRAFT
        article.live = None
        _touch(session, article, indexed=True)


def restore(session: Session, article: Article, number: int, *, version: int, by: Person | None) -> Revision:
    """Make the text of revision `number` the latest one, as a new revision. What is live stays live.

    Raises NotFound (no such revision), Conflict, NotAllowed, WrongState (archived).
    """
    _lock(session, article)
    _require(by, "write", article.team_id)
    old = session.scalar(
        sa.select(Revision).where(Revision.article_id == article.id, Revision.number == number)
    )
    if old is None:
        raise NotFound("There is no such revision.")
    _check_version(article, version)
    _check_not_archived(article)
    text = Draft(
        title=old.title,
        answer=old.answer,
        body=old.body,
        keywords=tuple(old.keywords),
        questions=tuple(old.questions),
        language=old.language,
    )
    revision = _add_revision(session, article, text, note=f"Restored revision {number}.", by=by)
    _touch(session, article)
    return revision


def rename(session: Session, article: Article, slug: str, *, by: Person | None) -> None:
    """Give `article` the address `slug`; the old one redirects. Raises Invalid (`slug`), NotAllowed."""
    _lock(session, article)
    _require(by, "publish", article.team_id)
    wanted = slugs.checked_slug(session, slug, article=article)
    if wanted == article.slug:
        return
    own = session.get(Alias, wanted)
    if own is not None:
        session.delete(own)
        session.flush()
    session.add(Alias(slug=article.slug, article_id=article.id))
    article.slug = wanted
    _touch(session, article)


# --- steps ---------------------------------------------------------------------------------


def _lock(session: Session, article: Article) -> None:
    """Read `article` anew and keep others from changing it until the transaction ends.

    On SQLite the unit of work already holds the only write lock, and FOR UPDATE is left out.
    """
    session.flush()
    session.refresh(article, with_for_update={"of": Article})


def _require(by: Person | None, permission: str, team_id: int) -> None:
    if by is not None:
        permissions.require(by, permission, team_id=team_id)


def _check_version(article: Article, version: int) -> None:
    if version != article.version:
        raise Conflict("Somebody else saved this page after you opened it. Compare both and save again.")


def _check_not_archived(article: Article) -> None:
    if article.state is State.ARCHIVED:
        raise WrongState("This page is archived. Bring it back before you change it.")


def _sent_before(
    session: Session,
    form_token: str | None,
    draft: Draft,
    *,
    by: Person | None,
    article: Article | None = None,
) -> Revision | None:
    """The revision that this form already made, when the same person sent it with the same content.

    Raises Conflict for another content or another article than `article`: whoever goes back, types on
    and saves again must not lose it.
    """
    if not form_token:
        return None
    found = session.scalar(sa.select(Revision).where(Revision.form_token == form_token))
    if found is None:
        return None
    text = (found.title, found.answer, found.body, found.language)
    lists = (tuple(found.keywords), tuple(found.questions))
    same = text == (draft.title, draft.answer, draft.body, draft.language)
    same = same and lists == (draft.keywords, draft.questions)
    mine = by is not None and found.author_id == by.id
    there = article is None or found.article_id == article.id
    if not same or not mine or not there or _moves(found.article, draft):
        raise Conflict("This form was saved before. Compare both and save again.")
    return found


def _insert(
    session: Session, draft: Draft, *, slug: str, note: str, form_token: str | None, by: Person | None
) -> Article:
    article = Article(slug=slug, version=1)
    _place(session, article, draft)
    session.add(article)
    session.flush()
    _add_revision(session, article, draft, note=note, form_token=form_token, by=by)
    return article


def _place(session: Session, article: Article, draft: Draft) -> None:
    article.topic_id = draft.topic_id
    article.team_id = draft.team_id
    article.owner_id = draft.owner_id
    article.audience_id = audiences.of_rules(session, draft.audience).id
    if article.review_days != draft.review_days:
        article.review_days = draft.review_days
        if article.checked_on is not None:
            article.review_due = _due(article, article.checked_on)
    if article in session:
        session.flush()
        session.expire(article, ["topic", "team", "owner", "audience"])


def _moves(article: Article, draft: Draft) -> bool:
    here = (article.topic_id, article.team_id, article.owner_id, article.audience.key)
    return here != (draft.topic_id, draft.team_id, draft.owner_id, audiences.canonical(draft.audience))


def _add_revision(
    session: Session,
    article: Article,
    draft: Draft,
    *,
    note: str,
    form_token: str | None = None,
    by: Person | None,
) -> Revision:
    last = session.scalar(sa.select(sa.func.max(Revision.number)).where(Revision.article_id == article.id))
    revision = Revision(
        article_id=article.id,
        number=(last or 0) + 1,
        title=draft.title,
        answer=draft.answer,
        body=draft.body,
        keywords=list(draft.keywords),
        questions=list(draft.questions),
        language=draft.language,
        note=note,
        author_id=by.id if by is not None else None,
        form_token=form_token or None,
    )
    session.add(revision)
    session.flush()
    article.latest = revision
    session.flush()
    return revision


def _check_on(article: Article, day: date) -> None:
    article.checked_on = day
    article.review_due = _due(article, day)


def _due(article: Article, day: date) -> date:
    return day + timedelta(days=article.review_days)


def _touch(session: Session, article: Article, *, indexed: bool | None = None) -> None:
    """Count the change and, when readers see the article, have it indexed anew.

    The index holds the version, so every change of a published article must reach it.
    """
    article.version += 1
    article.updated_at = clock.now()
    session.flush()
    if indexed if indexed is not None else article.state is State.PUBLISHED:
        outbox.changed(session, [article.id])
