"""What an import is going to do, worked out without changing anything."""

import functools
import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from portal.articles import attachments, drafts, languages
from portal.articles.models import State
from portal.articles.transfer import addresses, anchors, convert, fields, frontmatter, known, sitemap, topics
from portal.articles.transfer.anchors import Anchors
from portal.articles.transfer.convert import Body, Context
from portal.articles.transfer.fields import Fields
from portal.articles.transfer.folder import Folder, TextFile
from portal.articles.transfer.frontmatter import FileProblem, Head
from portal.articles.transfer.known import Database, Place, Stored, Words
from portal.articles.transfer.links import markdown_link
from portal.articles.transfer.places import Places
from portal.articles.transfer.report import Report
from portal.errors import Invalid


@dataclass(frozen=True, slots=True)
class Options:
    """How to import. `topic` is the path under which folders become topics, `team` the slug of the
    team that owns pages which name none; empty: the top, and a team made for the import."""

    source: str
    topic: str = ""
    team: str = ""


@dataclass(slots=True)
class Step:
    """One file and the article it is to become. Plain values only."""

    path: str
    file: TextFile
    slug: str
    words: Words
    place: Place
    rules: dict[str, list[str]]
    checked: date | None
    state: State
    aliases: tuple[str, ...]
    assets: tuple[str, ...]
    extra: dict[str, Any]
    lines: dict[str, int]
    """Line of the file on which the value of a field stands, for messages."""
    stored: Stored | None = None
    stale_assets: tuple[str, ...] = ()
    """Attachments whose bytes differ from those in the folder."""

    def text_of(self, known_addresses: dict[str, str]) -> Words:
        """The words with the addresses of attachments that are known."""
        return replace(self.words, body=convert.with_addresses(self.words.body, known_addresses))


@dataclass(slots=True)
class Plan:
    """All steps in the order of paths, the topics that are missing, and what is to be told."""

    options: Options
    folder: Folder
    report: Report
    steps: list[Step] = field(default_factory=list)
    topics: dict[str, str] = field(default_factory=dict)
    """Path -> name of topics to make, outer ones first."""
    team_to_make: str = ""


@dataclass(slots=True)
class _Page:
    file: TextFile
    head: Head
    fields: Fields
    body: Body
    title: str
    slug: str = ""
    aliases: tuple[str, ...] = ()
    place: Place | None = None
    rules: dict[str, list[str]] = field(default_factory=dict)

    @property
    def shown(self) -> bool:
        """Whether readers will see it."""
        return self.fields.state is State.PUBLISHED and self.has_text

    @property
    def has_text(self) -> bool:
        moved = self.fields.moved_to and not self.body.own
        return bool(self.body.text.strip() or self.fields.answer or moved)


def plan(
    session: Session, folder: Folder, options: Options, *, tick: Callable[[], None] = lambda: None
) -> Plan:
    """Read all files and compare them with the database. `tick` is called once for each file.

    Raises Invalid when the options name a team that does not exist.
    """
    database = known.read(session, options.source)
    if options.team and options.team not in database.teams:
        teams = ", ".join(sorted(database.teams)) or "none yet"
        raise Invalid(f"There is no team {options.team!r}. Teams: {teams}.")
    return _Planner(session, folder, options, database).run(tick)


class _Planner:
    def __init__(self, session: Session, folder: Folder, options: Options, database: Database) -> None:
        self._session = session
        self._folder = folder
        self._database = database
        self._plan = Plan(options=options, folder=folder, report=Report(source=options.source))
        self._report = self._plan.report
        self._pages: dict[str, _Page] = {}
        self._places = Places(session, database, options.topic, options.team, self._report)
        self._media_types: dict[str, tuple[str, str]] = {}

    def run(self, tick: Callable[[], None]) -> Plan:
        for path, reason in self._folder.left_out:
            self._report.note("file", path, 0, reason)
        for path in self._folder.texts:
            self._try(path, self._read)
        for path, page in sorted(self._pages.items()):
            self._places.titles.setdefault(topics.checked_path(sitemap.site_key(path)), []).append(page.title)
        for path in sorted(self._pages):
            self._try(path, self._give_place)
        self._give_addresses()
        context = self._context()
        for path in sorted(self._pages):
            self._finish(self._pages[path], context)
            tick()
        gone = self._database.files.keys() - set(self._folder.texts)
        for path in gone:
            self._report.note("gone", path, 0, f"/articles/{self._database.files[path].slug}")
        self._plan.topics, self._plan.team_to_make = self._places.missing, self._report.team_made
        self._report.kept = dict(Counter(key for page in self._pages.values() for key in page.fields.extra))
        return self._plan

    def _try(self, path: str, do: Callable[[str], None]) -> None:
        """Do one thing with one file; a problem ends this file, not the import."""
        try:
            do(path)
        except FileProblem as problem:
            self._report.refuse(path, problem.line, problem.reason)
            self._pages.pop(path, None)

    def _read(self, path: str) -> None:
        file = self._folder.read(path)
        head, raw = frontmatter.split(file.text)
        found = fields.read(head)
        text = drafts.lines(raw)
        body = Body(
            path=path,
            source=file.text,
            text=text.removeprefix("\n"),  # the blank line below the front matter
            first_line=head.body_line + text.startswith("\n"),
            own=found.own,
            assets=[],
        )
        page = _Page(file=file, head=head, fields=found, body=body, title=found.title)
        if not found.own:
            self._adapt(page)
        page.title = page.title or topics.readable(sitemap.site_key(path).rpartition("/")[2] or path)
        for line, what in found.strange:
            self._report.note("meaning", path, line, what)
        self._pages[path] = page

    def _adapt(self, page: _Page) -> None:
        """Make a page of another program look right here: tags, a title that stands twice, a page that
        only says where it has moved to."""
        body = page.body
        convert.without_tags(body, title=page.title, report=self._report)
        body.text = body.text.strip("\n") + "\n" if body.text.strip() else ""
        heading, rest = convert.first_heading(body.text)
        if heading and (not page.title or heading.casefold() == page.title.casefold()):
            page.title = page.title or heading
            body.text = rest

    def _give_place(self, path: str) -> None:
        page = self._pages[path]
        page.place, page.rules = self._places.give(path, page.head, page.fields)

    def _give_addresses(self) -> None:
        """Addresses for the pages that are shown, then old ones, then for those that are not shown."""
        slugs = addresses.Slugs(self._database, self._report)

        def _give(path: str) -> None:
            page = self._pages[path]
            page.slug = slugs.give(path, page.fields.slug, line=page.head.line("slug"))

        ordered = sorted(
            self._pages, key=lambda path: (not self._pages[path].fields.slug, addresses.precedence(path))
        )
        hidden = [path for path in ordered if not self._pages[path].shown]
        for path in ordered:
            if path not in hidden:
                self._try(path, _give)
        for path, page in sorted(self._pages.items()):
            if page.shown:
                line = _address_line(page.head)
                page.aliases = slugs.aliases(path, page.slug, page.fields.addresses, line=line)
        for path in hidden:
            self._try(path, _give)

    def _context(self) -> Context:
        old = {path: page.fields.addresses for path, page in self._pages.items()}
        by_slug = {page.slug: path for path, page in self._pages.items()}
        shown = {path: page.slug for path, page in self._pages.items() if page.shown}

        @functools.cache
        def _anchors(slug: str) -> Anchors:
            path = by_slug.get(slug)
            if path is None:
                return anchors.in_html(known.html_of(self._session, slug))
            stored = self._database.files.get(path)
            same = stored is not None and (stored.edited or stored.sha256 == self._pages[path].file.sha256)
            if stored is not None and same and stored.html:
                return anchors.in_html(stored.html)
            return anchors.in_markdown(self._pages[path].body.text)

        return Context(
            sitemap=sitemap.build(self._pages, self._folder.others, old),
            slug_of=shown,
            known_slugs=frozenset(self._database.slugs) | frozenset(shown.values()),
            anchors=_anchors,
            media_type=lambda path: self._asset(path)[0],
            report=self._report,
        )

    def _asset(self, path: str) -> tuple[str, str]:
        """Type and SHA-256 of a file of the folder. Raises FileProblem."""
        if path not in self._media_types:
            data = self._folder.bytes_of(path)
            self._media_types[path] = (attachments.sniff(data), hashlib.sha256(data).hexdigest())
        return self._media_types[path]

    def _finish(self, page: _Page, context: Context) -> None:
        """Turn one page into a step, if there is anything to do with it."""
        if page.fields.moved_to and not page.body.own:
            self._say_where(page, context)
        convert.link(page.body, context)
        step = self._step(page)
        if not page.has_text:
            self._report.note("empty", step.path, 0, "there is no text in it")
        stored = step.stored
        if stored is not None:
            step.stale_assets = self._stale(step, stored)
            if stored.edited:
                self._report.edited.append(step.path)
                self._report.both += [step.path] if stored.sha256 != step.file.sha256 else []
                return
            if not self._differs(step, stored):
                self._report.unchanged += 1
                return
        again = stored is not None and (stored.whole or stored.live is not None)
        (self._report.changed if again else self._report.new).append(step.path)
        self._plan.steps.append(step)

    def _say_where(self, page: _Page, context: Context) -> None:
        """A page that only sent its readers on says so: the link has the title or the site of its target."""
        address = page.fields.moved_to
        target = context.sitemap.resolve(address, path=page.file.path)
        there = self._pages.get(target.path) if target.kind == "page" else None
        label = there.title if there is not None else urlsplit(address).hostname or address
        page.body.text = f"This page is now at {markdown_link(label, address)}.\n\n{page.body.text}"

    def _step(self, page: _Page) -> Step:
        words = Words(
            title=page.title,
            answer=page.fields.answer,
            body=page.body.text,
            keywords=page.fields.keywords,
            questions=page.fields.questions,
            language=page.fields.language or languages.DEFAULT,
        )
        assert page.place is not None
        extra = dict(page.fields.extra)
        if page.fields.owner and not page.place.owner:
            extra["owner"] = page.fields.owner
        return Step(
            path=page.file.path,
            file=page.file,
            slug=page.slug,
            words=known.tidied(words),
            place=page.place,
            rules=page.rules,
            checked=page.fields.checked,
            state=page.fields.state if page.has_text else State.DRAFT,
            aliases=page.aliases,
            assets=tuple(page.body.assets),
            extra=extra,
            lines={key: page.head.line(key) for key in fields.OWN} | {"body": page.body.first_line},
            stored=self._database.files.get(page.file.path),
        )

    def _stale(self, step: Step, stored: Stored) -> tuple[str, ...]:
        kept = self._database.attachments
        digests = {path: kept.get((stored.article_id, path), ("", ""))[1] for path in step.assets}
        return tuple(path for path, digest in digests.items() if digest != self._asset(path)[1])

    def _differs(self, step: Step, stored: Stored) -> bool:
        """Whether the article is not yet what the file says, or not shown as the file says."""
        number = stored.article_id
        ours = {
            path: address
            for (article, path), (address, _) in self._database.attachments.items()
            if article == number
        }
        shown = stored.live if step.state is State.PUBLISHED else stored.latest
        return (
            not stored.whole
            or stored.sha256 != step.file.sha256
            or step.text_of(ours) != shown
            or (step.place, step.checked, step.state) != (stored.place, stored.checked, stored.state)
            or bool(step.stale_assets)
            or any(alias not in self._database.slugs for alias in step.aliases)
        )


def _address_line(head: Head) -> int:
    return min((head.line(key) for key in fields.ADDRESSES if key in head.blocks), default=1)
