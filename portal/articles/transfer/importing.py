"""Bringing the files of a folder into the knowledge base.

Three steps. `planning.plan` reads and compares. Then each batch is saved in a transaction of its
own, as drafts that no reader sees: new articles, and new latest revisions behind the live ones. At
last one transaction publishes all of them, with their new places, audiences, pictures and old
addresses. An import that is cut off is repeated from the start: what was saved before is found
again by its text, and is not saved twice.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from portal import clock, markdown
from portal.accounts import audiences
from portal.accounts.models import Person, Team
from portal.articles import attachments, drafts, rendering, services
from portal.articles.drafts import Draft
from portal.articles.models import Alias, Article, Attachment, ImportedFile, Revision, State, Topic
from portal.articles.transfer import known, topics
from portal.articles.transfer.frontmatter import FileProblem
from portal.articles.transfer.known import draft_of, words_of
from portal.articles.transfer.planning import Plan, Step
from portal.articles.transfer.report import Report
from portal.errors import Invalid

BATCH: Final = 20
NOTE: Final = "Imported from a file"

Work = Callable[[], AbstractContextManager[Session]]
"""Opens one write transaction, as `portal.db.unit_of_work` does."""


@dataclass(frozen=True, slots=True)
class Run:
    """Where an import takes from and puts to, and the ids of what its pages refer to."""

    plan: Plan
    attachments_dir: Path
    topics: Mapping[str, int]
    teams: Mapping[str, int]
    owners: Mapping[str, int]

    @property
    def report(self) -> Report:
        return self.plan.report


def carry_out(
    plan: Plan, *, work: Work, attachments_dir: Path, tick: Callable[[], None] = lambda: None
) -> None:
    """Do what `plan` says. `attachments_dir` is `Settings.attachments_dir`; `tick` is called once for
    each step.

    A page that cannot be saved is noted in the plan's report and does not stop the others.
    """
    if not plan.steps:
        return
    with work() as session:
        run = _prepared(session, plan, attachments_dir)
    steps = _rendered_ahead(plan.steps)
    for _ in range(0, len(plan.steps), BATCH):
        with work() as session:
            for step in itertools.islice(steps, BATCH):
                with _refusing(session, run, step):
                    _save(session, run, step)
                tick()
    refused = {problem.path for problem in plan.report.problems}
    ready = [step for step in plan.steps if step.path not in refused]
    with work() as session:
        _publish(session, run, ready)


def _prepared(session: Session, plan: Plan, attachments_dir: Path) -> Run:
    """Topics and the team that are missing, made: readers see no topic before it has a page for them."""
    topics.make(session, plan.topics)
    slug = plan.team_to_make
    if slug and session.scalar(sa.select(Team.id).where(Team.slug == slug)) is None:
        session.add(Team(slug=slug, name=topics.readable(slug), purpose="Looks after imported pages."))
        session.flush()
    emails = {step.place.owner for step in plan.steps}
    owners = sa.select(Person.email, Person.id).where(Person.email.in_(emails), Person.active)
    return Run(
        plan=plan,
        attachments_dir=attachments_dir,
        topics=known.pairs(session, sa.select(Topic.path, Topic.id)),
        teams=known.pairs(session, sa.select(Team.slug, Team.id)),
        owners=known.pairs(session, owners),
    )


def check(session: Session, plan: Plan, *, tick: Callable[[], None] = lambda: None) -> None:
    """Note in the plan's report which of its pages could not be saved; for a dry run. Writes nothing."""
    for step in plan.steps:
        try:
            drafts.checked(session, draft_of(step.words))
        except Invalid as error:
            # the place is checked by the plan, and may not exist before the import
            problems = {key: value for key, value in error.fields.items() if key not in ("topic", "team")}
            if problems:
                _refuse(plan.report, step, problems)
        tick()


def _rendered_ahead(steps: Sequence[Step]) -> Iterator[Step]:
    """The steps one by one; the text of the next is being rendered while the caller saves one.

    The renderer works in a process of its own and remembers its last few texts, so that saving
    finds the text rendered already.
    """

    def _render(step: Step) -> None:
        with suppress(Invalid):  # refused texts are told when they are saved
            markdown.render(step.words.body)

    with ThreadPoolExecutor(max_workers=1) as ahead:
        waiting = [ahead.submit(_render, step) for step in steps[:1]]
        for position, step in enumerate(steps):
            waiting.pop().result()
            waiting += [ahead.submit(_render, following) for following in steps[position + 1 : position + 2]]
            yield step


@contextmanager
def _refusing(session: Session, run: Run, step: Step) -> Iterator[None]:
    """Undo and note what goes wrong with one page."""
    try:
        with session.begin_nested():
            yield
    except Invalid as error:
        _refuse(run.report, step, error.fields or {"": str(error)})
    except FileProblem as problem:
        _refuse(run.report, step, {"": problem.reason})
    except IntegrityError:
        _refuse(run.report, step, {"": "Somebody else saved this page at the same moment. Import again."})


def _refuse(report: Report, step: Step, problems: Mapping[str, str]) -> None:
    for key, message in problems.items():
        report.refuse(step.path, step.lines.get(key, 1), message)
    _forget(report, step)


def _forget(report: Report, step: Step) -> None:
    for done in (report.new, report.changed):
        if step.path in done:
            done.remove(step.path)


def _save(session: Session, run: Run, step: Step) -> None:
    """One page as a draft behind whatever is live."""
    imported = _imported(session, run, step)
    if imported is None:
        _save_new(session, run, step)
    elif imported.article.version == imported.version:
        _save_again(session, run, step, imported)
    # else somebody edited it since the plan was made, and `_publish` leaves it alone


def _save_new(session: Session, run: Run, step: Step) -> None:
    draft = _placed(run, step, draft_of(step.words))
    article = services.create(session, draft, note=NOTE, slug=step.slug, by=None)
    latest = _latest(article)
    if step.assets:
        _put(session, run, article, step.assets)
        # the addresses of attachments hold their numbers, which exist only now; nobody has seen this
        # revision yet, so that it may still get its final text
        latest.body = step.text_of(_addresses(session, article)).body
    session.add(
        ImportedFile(
            source=run.plan.options.source,
            path=step.path,
            sha256=step.file.sha256,
            text=step.file.text,
            extra=step.extra,
            article_id=article.id,
            version=article.version,
        )
    )
    rendering.render_revision(session, latest)


def _save_again(session: Session, run: Run, step: Step, imported: ImportedFile) -> None:
    """A new latest revision; what readers see keeps its place, audience and pictures for now."""
    article = imported.article
    if article.state is State.ARCHIVED:
        services.unarchive(session, article, by=None)
    there = _addresses(session, article)
    _put(session, run, article, [path for path in step.assets if path not in there])
    words = step.text_of(_addresses(session, article))
    if words_of(article.latest) != words:
        here = drafts.of_article(article)
        draft = replace(
            draft_of(words),
            topic_id=here.topic_id,
            team_id=here.team_id,
            owner_id=run.owners.get(step.place.owner),
            audience=here.audience,
            review_days=here.review_days,
        )
        services.save(session, article, draft, version=article.version, note=NOTE, by=None)
    imported.version = article.version
    rendering.render_revision(session, _latest(article))


def _publish(session: Session, run: Run, steps: Sequence[Step]) -> None:
    """Make all that was saved visible, at once."""
    for step in steps:
        imported = _imported(session, run, step)
        if imported is None or imported.article.version != imported.version:
            run.report.edited.append(step.path)
            run.report.both.append(step.path)
            _forget(run.report, step)
            continue
        with _refusing(session, run, step):
            _show(session, run, step, imported)


def _show(session: Session, run: Run, step: Step, imported: ImportedFile) -> None:
    article = imported.article
    _put(session, run, article, step.stale_assets)
    _move(session, article, _placed(run, step, Draft(title="")))
    for alias in step.aliases:
        if session.get(Alias, alias) is None:
            session.add(Alias(slug=alias, article_id=article.id))
    if step.state is State.PUBLISHED:
        services.publish(session, article, by=None, on=step.checked or clock.today())
    elif step.state is State.ARCHIVED:
        services.archive(session, article, by=None)
    elif article.state is not State.DRAFT:
        services.archive(session, article, by=None)
        services.unarchive(session, article, by=None)
    article.checked_on = step.checked
    if step.checked is None:
        article.review_due = None  # nobody has said that it is right, and the import cannot know
    imported.sha256, imported.text, imported.extra = step.file.sha256, step.file.text, step.extra
    imported.revision_id, imported.version = article.latest_id, article.version
    session.flush()


def _imported(session: Session, run: Run, step: Step) -> ImportedFile | None:
    return session.scalar(
        sa.select(ImportedFile)
        .where(ImportedFile.source == run.plan.options.source, ImportedFile.path == step.path)
        .options(joinedload(ImportedFile.article).joinedload(Article.latest))
    )


def _placed(run: Run, step: Step, draft: Draft) -> Draft:
    """`draft` in the place that the file names."""
    return replace(
        draft,
        topic_id=run.topics[step.place.topic],
        team_id=run.teams[step.place.team],
        owner_id=run.owners.get(step.place.owner),
        audience=step.rules,
        review_days=step.place.review_days,
    )


def _move(session: Session, article: Article, place: Draft) -> None:
    """Put an article where the file says. The caller publishes it then, which has it indexed anew."""
    article.topic_id, article.team_id, article.owner_id = place.topic_id, place.team_id, place.owner_id
    article.audience_id = audiences.of_rules(session, place.audience).id
    article.review_days = place.review_days
    session.flush()
    session.expire(article, ["topic", "team", "owner", "audience"])


def _put(session: Session, run: Run, article: Article, paths: Iterable[str]) -> None:
    for path in paths:
        data = run.plan.folder.bytes_of(path)
        attachments.put(session, article, path=path, data=data, folder=run.attachments_dir)


def _addresses(session: Session, article: Article) -> dict[str, str]:
    found = session.scalars(sa.select(Attachment).where(Attachment.article_id == article.id))
    return {one.path: attachments.address(one) for one in found}


def _latest(article: Article) -> Revision:
    assert article.latest is not None
    return article.latest
