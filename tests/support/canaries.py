"""Secrets with unmistakable words in them, and a crawl that looks for these words wherever a person can go.

Each secret is an article (or an old or coming text of one) that only some people may see; all its
texts hold words that stand nowhere else. `SEEN_BY` is written by hand, from what the audiences and
roles mean, so that it does not repeat the code it judges.
"""

import hashlib
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts.models import Person
from portal.articles.models import Alias, Article, Attachment, Revision
from portal.search.models import (
    ChangeAction,
    EventKind,
    GoldenQuestion,
    RuleChange,
    RuleKind,
    SearchEvent,
    TuningRule,
)
from tests.support.client import Page, PageClient, faults
from tests.support.world import TEAMS, TOPICS, write_article

EVERYBODY = frozenset({"ana", "ben", "eva", "gus", "ada", "otto"})
PLACES = ("title", "answer", "body", "heading", "keyword", "question", "slug", "alias", "file", "content")

# Who may come across a secret anywhere. Audience first, then those who write for its team, then admins.
SEEN_BY: dict[str, frozenset[str]] = {
    "common": EVERYBODY,
    "british": frozenset({"ana", "ben", "eva", "ada"}),  # countries GB; owned by People Services
    "hamburg": frozenset({"gus", "ada"}),  # site
    "designers": frozenset({"otto", "ada"}),  # department
    "staff": EVERYBODY - {"otto"},  # employment
    "members": frozenset({"ada"}),  # team Payroll, which has no members
    "owned": frozenset({"otto", "eva", "ada"}),  # for Design, owned by eva's team
    "draft": frozenset({"eva", "ada"}),  # of the IT Service Desk
    "foreign": frozenset({"ada"}),  # a draft of Payroll
    "shelved": frozenset({"eva", "ada"}),  # archived
    "coming": frozenset({"eva", "ada"}),  # the next text of a published article
    "former": frozenset({"eva", "ada"}),  # a text that a published article had before
}

# Who may write an article: other people's addresses under it must not exist.
WRITERS: dict[str, frozenset[str]] = {
    name: frozenset({"eva", "ada"}) if name in ("common", "owned", "draft", "shelved") else frozenset({"ada"})
    for name in ("common", "british", "hamburg", "designers", "staff", "members", "owned", "draft", "foreign")
} | {"shelved": frozenset({"eva", "ada"})}

READERS: dict[str, frozenset[str]] = {
    name: SEEN_BY[name] for name in WRITERS if name not in ("draft", "foreign", "shelved")
} | {
    "draft": frozenset(),
    "foreign": frozenset(),
    "shelved": frozenset(),
}
ARTICLES = tuple(WRITERS)
LURES = ("lantern", "pay", "about")
"""Words that everybody may ask for, and that rules bring together with secrets."""
TUNING = ("synonyms", "best-bets", "stop-words")
NOTHING = "nothing"
"""Stands for an article that does not exist, beside each that one may not see."""


def word(secret: str, place: str) -> str:
    """The word that stands in one place of a secret and nowhere else."""
    return f"vex{secret}{place}"


def old_address(secret: str) -> str:
    """An old address of a secret with nothing secret in it."""
    return f"earlier-page-of-{secret}"


def came_across(asked: str, answered: str) -> list[tuple[str, str]]:
    """The secrets and places whose words are in an answer; words that were in the question do not count."""
    asked, answered = unquote(asked).lower(), unquote(answered).lower()
    return [
        (secret, place)
        for secret in SEEN_BY
        for place in PLACES
        if word(secret, place) in answered and word(secret, place) not in asked
    ]


def plant(session: Session, attachments: Path) -> None:
    """Write all secrets into the database and the folder of attachments."""
    british, design = {"countries": ["GB"]}, {"departments": ["design"]}
    _article(session, attachments, "common")
    _article(session, attachments, "british", team="people-services", topic="hr", audience=british)
    _article(session, attachments, "hamburg", team="payroll", topic="hr/pay", audience={"sites": ["hamburg"]})
    _article(session, attachments, "designers", team="people-services", topic="hr", audience=design)
    _article(session, attachments, "staff", team="payroll", audience={"employment": ["employee"]})
    _article(session, attachments, "members", team="payroll", audience={"teams": ["payroll"]})
    _article(session, attachments, "owned", audience=design)
    _article(session, attachments, "draft", state="draft")
    _article(session, attachments, "foreign", team="payroll", topic="hr/pay", state="draft")
    _article(session, attachments, "shelved", state="archived")
    _texts_around(session, "common")
    _teach(session)
    session.commit()


def _texts(secret: str) -> dict[str, Any]:
    return {
        "title": f"About {word(secret, 'title')}",
        "answer": f"Use {word(secret, 'answer')}.",
        "body": f"Then {word(secret, 'body')} helps.\n\n## How {word(secret, 'heading')} works\n\nRead on.",
        "keywords": [word(secret, "keyword"), "lantern"],
        "questions": [f"What is {word(secret, 'question')}?"],
    }


def _article(session: Session, attachments: Path, secret: str, **details: Any) -> None:
    texts = _texts(secret)
    if secret == "common":
        texts["body"] += "".join(f"\n\n[{name}](/articles/{old_address(name)})" for name in ARTICLES)
    title = texts.pop("title")
    article = write_article(session, title, slug=word(secret, "slug"), **texts, **details)
    content = f"The file says {word(secret, 'content')}.".encode()
    digest = hashlib.sha256(content).hexdigest()
    attachments.mkdir(parents=True, exist_ok=True)
    (attachments / digest).write_bytes(content)
    name = f"{word(secret, 'file')}.txt"
    session.add_all(
        [
            Alias(slug=word(secret, "alias"), article_id=article.id),
            Alias(slug=old_address(secret), article_id=article.id),
            Attachment(
                article_id=article.id,
                path=f"files/{name}",
                name=name,
                media_type="text/plain",
                size=len(content),
                sha256=digest,
            ),
        ]
    )


def _texts_around(session: Session, name: str) -> None:
    """Give a published article a text it had before and one that is not published yet."""
    article = session.scalars(sa.select(Article).where(Article.slug == word(name, "slug"))).one()
    live = article.live
    assert live is not None
    live.number = 2
    session.flush()
    former = Revision(article_id=article.id, number=1, **_texts("former"))
    coming = Revision(article_id=article.id, number=3, note="coming", **_texts("coming"))
    session.add_all([former, coming])
    session.flush()
    article.latest = coming


def _teach(session: Session) -> None:
    """Teach the search the words of all secrets, recommend their articles, watch questions about them
    whose answer dropped, and let an admin have searched for them: what everybody asks for leads there."""
    ada = session.scalars(sa.select(Person).where(Person.admin)).one()
    ids = {article.slug: article.id for article in session.scalars(sa.select(Article))}
    for number, name in enumerate(SEEN_BY):
        slug = word(name, "slug")
        article = ids.get(slug)
        means = [word(name, "keyword"), f"about {word(name, 'body')}"]
        session.add(TuningRule(kind=RuleKind.SYNONYM, words=[LURES[number % 3]], means=means))
        question = f"what is {word(name, 'question')}"
        confident = {"top": [slug], "confidence": 0.9}
        session.add(
            SearchEvent(
                kind=EventKind.SEARCH,
                need=name,
                person_id=ada.id,
                query=question,
                normalised=question,
                count=1,
                detail=confident,
            )
        )
        if article is None:
            continue
        for asked in ("lantern", "about lantern"):
            session.add(TuningRule(kind=RuleKind.BET, words=[asked], article_id=article))
        if name not in ("draft", "foreign"):  # what is watched was published once
            times = {"checked_at": clock.now(), "dropped_at": clock.now()}
            session.add(GoldenQuestion(text=question, article_id=article, rank=5, **times))
    session.flush()
    rule = session.scalars(sa.select(TuningRule).order_by(TuningRule.id)).first()
    assert rule is not None
    change = {"kind": rule.kind.value, "words": rule.words, "means": rule.means, "article_id": None}
    session.add(RuleChange(action=ChangeAction.ADDED, rule_id=rule.id, person_id=ada.id, after=change))


# --- where the crawl goes ----------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One request: an address, what is sent, and the secret article it is about, if any."""

    endpoint: str
    url: str
    secret: str = ""
    data: Mapping[str, Any] | None = None
    allowed: frozenset[str] = frozenset()
    """Who may do this with that article; for everybody else it must look as if it did not exist."""


Values = Iterable[tuple[str, dict[str, Any]]]
"""(secret, NOTHING or "", arguments of the address)"""


def _slugs(**more: Any) -> Values:
    """The addresses of all articles, present and old, and the like of articles that do not exist."""
    for name in (NOTHING, *ARTICLES):
        yield name, {"slug": word(name, "slug"), **more}
        yield name, {"slug": old_address(name), **more}


def _aliases() -> Values:
    for name in (NOTHING, *ARTICLES):
        yield name, {"slug": word(name, "alias")}


def _revisions() -> Values:
    for name in (NOTHING, *ARTICLES):
        for number in (1, 2, 3):
            if number == 1 or name in (NOTHING, "common"):
                yield name, {"slug": word(name, "slug"), "nr": number}


def _plainly(name: str, values: Iterable[str]) -> Values:
    return (("", {name: value}) for value in values)


class Crawl:
    """All requests there are, by what the application's address list says."""

    def __init__(self, app: Flask, session: Session) -> None:
        self.app = app
        self.files = {name: self._file(session, name) for name in ARTICLES}
        # The arguments of every address that has some. A new one must be added, or the crawl fails.
        self.arguments: dict[str, Callable[[], Values]] = {
            "accounts.team": lambda: _plainly("slug", [*TEAMS, "no-such-team"]),
            "articles.attachment": self._attachments,
            "articles.show": lambda: [*_slugs(), *_aliases()],
            "articles.topic": lambda: _plainly("path", [*TOPICS, "no/such/topic"]),
            "search_admin.add": lambda: _plainly("slug", TUNING),
            "search_admin.change": lambda: _plainly("number", ["1", "4711"]),
            "search_admin.golden_remove": lambda: _plainly("number", ["1", "4711"]),
            "search_admin.golden_seen": lambda: _plainly("number", ["1", "4711"]),
            "search_admin.remove": lambda: _plainly("number", ["1", "4711"]),
            "search_admin.rules": lambda: _plainly("slug", [*TUNING, "no-such-list"]),
            "search_admin.undo": lambda: _plainly("number", ["1", "4711"]),
            "writing.address": _slugs,
            "writing.archive": _slugs,
            "writing.confirm": _slugs,
            "writing.diff": _slugs,
            "writing.edit": _slugs,
            "writing.history": _slugs,
            "writing.publish": _slugs,
            "writing.restore": _revisions,
            "writing.revision": _revisions,
            "writing.unarchive": _slugs,
            "static": lambda: _plainly("filename", ["css/portal.css"]),
            "web.asset": lambda: [("", {"version": "any", "name": "css/portal.css"})],
        }
        # What to ask addresses that read their query. A new one must be added, or the crawl fails.
        self.queries: dict[str, Callable[[str, str], Iterable[dict[str, str]]]] = {
            "articles.show": lambda person, secret: [{}, {"x": "1"}],
            "articles.topic": lambda person, secret: [{}, {"page": "2"}],
            "search.results": _searches,
            "search.suggest": _beginnings,
            "search_admin.add": lambda person, secret: [{}, {"words": "vex, about", "question": "About"}],
            "search_admin.changes": lambda person, secret: [{}, {"page": "2"}],
            "search_admin.explain": lambda person, secret: [
                {},
                {"q": "About lantern"},
                {"q": "vexbritishtitle", "as": "nobody@portal.test", "article": "about"},
                {"q": "lantern", "as": "otto@portal.test", "article": word("british", "slug")},
            ],
            "search_admin.golden_add": lambda person, secret: [{}, {"text": "About"}],
            "search_admin.questions": lambda person, secret: [
                {},
                *({"show": show} for show in ("often", "weak")),
            ],
            "search_admin.rules": lambda person, secret: [{}, {"q": "vex"}],
            "writing.workbench": lambda person, secret: [
                {},
                *({"show": show} for show in ("all", "drafts", "changed", "due", "archived")),
                *({"show": "all", "q": question["q"]} for question in _questions(person, secret)),
            ],
            "writing.create": lambda person, secret: [{}, {"topic": "it", "title": "About"}],
            "writing.history": lambda person, secret: [{}, {"page": "2"}],
            "writing.diff": lambda person, secret: [
                {},
                *({"from": str(n), "to": str(n + 1)} for n in (1, 2) if secret in ("common", NOTHING)),
            ],
            "accounts.sign_in": lambda person, secret: [{}, {"next": f"/articles/{old_address('british')}"}],
        }
        # What to send. A new address that takes POST must be here or in `no_articles`.
        self.forms: dict[str, Callable[[], Iterable[dict[str, str]]]] = {
            "search_admin.add": lambda: [
                {"words": "vex, lantern", "find": "About", "action": action} for action in ("preview", "save")
            ],
            "search_admin.change": lambda: [{"words": "vex, lantern", "version": "1"}],
            "search_admin.golden_add": lambda: [
                {"text": "About", "find": "About", "article": word("draft", "slug"), "action": action}
                for action in ("find", "save")
            ],
            "search_admin.remove": lambda: [{"version": "1"}],
            "search_admin.undo": lambda: [{"version": "0"}],
            "search.not_found": lambda: [{"q": "About", "need": "x"}],
            "writing.address": lambda: [{"slug": "taken-over", "version": "1"}],
            "writing.archive": lambda: [{"version": "1"}],
            "writing.confirm": lambda: [{"version": "1"}],
            "writing.create": lambda: [{"title": "", "body": text} for text in _bodies()],
            "writing.edit": lambda: [{"title": "", "version": "0", "body": "A text"}],
            "writing.preview": lambda: [{"title": "A title", "body": text} for text in _bodies()],
            "writing.publish": lambda: [{"version": "1"}],
            "writing.restore": lambda: [{"version": "1"}],
            "writing.unarchive": lambda: [{"version": "1"}],
        }
        # These take what a person types about themselves and know no article.
        self.no_articles = {
            "accounts.change_password",
            "accounts.end_sign_ins",
            "accounts.sign_in",
            "accounts.sign_out",
            "search_admin.golden_remove",
            "search_admin.golden_run",
            "search_admin.golden_seen",
            "web.theme",
        }

    @staticmethod
    def _file(session: Session, name: str) -> int:
        slug = word(name, "slug")
        return session.scalars(sa.select(Attachment.id).join(Article).where(Article.slug == slug)).one()

    def _attachments(self) -> Values:
        for name, number in {NOTHING: max(self.files.values()) + 1, **self.files}.items():
            yield name, {"number": number, "name": f"{word(name, 'file')}.txt"}

    def untaught(self) -> list[str]:
        """What the crawl does not know how to ask, in words."""
        found = []
        for rule in self.app.url_map.iter_rules():
            view = self.app.view_functions[rule.endpoint]
            methods = rule.methods or set()
            if rule.arguments and rule.endpoint not in self.arguments:
                found.append(f"arguments of {rule.endpoint}: {sorted(rule.arguments)}")
            asks = re.search(r"request\.(args|values)|page_number\(", inspect.getsource(inspect.unwrap(view)))
            if asks and "GET" in methods and rule.endpoint not in self.queries:
                found.append(f"queries of {rule.endpoint}")
            if "POST" in methods and rule.endpoint not in self.no_articles | set(self.forms):
                found.append(f"forms of {rule.endpoint}")
        return found

    def steps(self, person: str, method: str, only: str = "") -> Iterator[Step]:
        """Every request of one person by one method, or those to one endpoint. What would change an
        article that the person may write is left out: it is theirs."""
        addresses = self.app.url_map.bind("localhost")
        for rule in self.app.url_map.iter_rules():
            if only not in ("", rule.endpoint):
                continue
            if method not in (rule.methods or ()) or (method == "POST" and rule.endpoint in self.no_articles):
                continue
            every = self.arguments.get(rule.endpoint, lambda: [("", {})])
            for secret, arguments in every():
                allowed = self._allowed(rule.endpoint, secret)
                if method == "POST" and person in allowed:
                    continue
                for fields in self._fields(rule.endpoint, person, secret, method):
                    query = fields if method == "GET" else {}
                    url = addresses.build(rule.endpoint, {**arguments, **query})
                    yield Step(rule.endpoint, url, secret, fields if method == "POST" else None, allowed)

    def _fields(self, endpoint: str, person: str, secret: str, method: str) -> Iterable[dict[str, str]]:
        if method == "POST":
            return self.forms[endpoint]()
        return self.queries[endpoint](person, secret) if endpoint in self.queries else [{}]

    def _allowed(self, endpoint: str, secret: str) -> frozenset[str]:
        """Who may do this with the article of a secret."""
        if secret in ("", NOTHING):
            return frozenset()
        if endpoint == "articles.attachment":
            return READERS[secret] | WRITERS[secret]
        return WRITERS[secret] if endpoint.startswith("writing.") else READERS[secret]


def _questions(person: str, _secret: str) -> Iterable[dict[str, str]]:
    """What somebody could ask to find out about what they may not see: its words, words almost like
    them, their beginnings, and words that stand beside them."""
    yield {"q": "lantern"}
    yield {"q": "About lantern"}
    yield {"q": "pay lanterm"}
    yield {"q": '"lantern about"'}
    yield {"q": "vex"}
    yield {"q": "About"}
    for secret, seen_by in SEEN_BY.items():
        if person in seen_by:
            continue
        for place in ("title", "answer", "body", "heading", "keyword", "question"):
            yield {"q": word(secret, place)}
        for place in ("title", "heading", "keyword"):
            yield {"q": word(secret, place)[:-3] + word(secret, place)[-2:]}
            yield {"q": word(secret, place)[:-3]}


def _searches(person: str, secret: str) -> Iterable[dict[str, str]]:
    """Questions, and other looks at their answers: the very words, filters, more of the list."""
    yield from _questions(person, secret)
    for text in ("lantern", "About"):
        yield {"q": text, "exact": "1"}
        for page in ("2", "5"):
            yield {"q": text, "page": page}
        for number in map(str, range(1, len(TOPICS) + 2)):
            yield {"q": text, "topic": number}
            yield {"q": text, "team": number}
        for site in ("leeds", "hamburg", "portland", "nowhere"):
            yield {"q": text, "site": site, "type": "article"}
    for hidden in _secrets_to(person):
        yield {"q": word(hidden, "title"), "exact": "1"}
        yield {"q": f"About {word(hidden, 'title')[:-3]}", "page": "2"}


def _beginnings(person: str, _secret: str) -> Iterable[dict[str, str]]:
    """What somebody could begin to type: words of what they may not see, with and without a slip."""
    for text in ("", "v", "vex", "lan", "About", "About ", "what is v", "hr", "pay", "p"):
        yield {"q": text}
    for hidden in _secrets_to(person):
        for place in ("title", "keyword", "question"):
            whole = word(hidden, place)
            for text in (whole[:-2], f"{whole} ", f"About {whole[:-3]}{whole[-2:]} "):
                yield {"q": text}


def _secrets_to(person: str) -> list[str]:
    return [secret for secret, seen_by in SEEN_BY.items() if person not in seen_by]


def _bodies() -> Iterable[str]:
    yield "\n\n".join(f"[link](/articles/{old_address(name)})" for name in ARTICLES)
    yield "\n\n".join(f"[link](/articles/{word(name, 'slug')})" for name in ARTICLES)


# --- what it finds -----------------------------------------------------------------------------


@dataclass
class Findings:
    """What came of one person's crawl."""

    requests: int = 0
    leaked: list[str] = field(default_factory=list)
    told_apart: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    faulty: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)


def walk(crawl: Crawl, client: PageClient, person: str, method: str, *, only: str = "") -> Findings:
    """Make all requests of one person, or those to one endpoint, and judge the answers."""
    findings = Findings()
    token = client.csrf_token() if method == "POST" else ""
    nothing: dict[str, str] = {}
    linted: set[tuple[str, int]] = set()
    steps = crawl.steps(person, method, only)
    for step in sorted(steps, key=lambda step: step.secret != NOTHING):
        data = {**step.data, "csrf_token": token} if step.data is not None else None
        page = client.fetch(method, step.url, data=data) if data else client.fetch(method, step.url)
        findings.requests += 1
        if (step.endpoint, page.status) not in linted:  # one of each kind; reading all takes too long
            linted.add((step.endpoint, page.status))
            findings.faulty.extend(f"{method} {step.url}: {fault}" for fault in faults(page))
        answer = f"{page.headers} {page.text}"
        asked = f"{step.url} {step.data}"
        found = came_across(asked, answer)
        findings.seen |= {secret for secret, _ in found}
        findings.leaked.extend(
            f"{method} {step.url}: {word(*one)}" for one in found if person not in SEEN_BY[one[0]]
        )
        if page.status >= 500:
            findings.failed.append(f"{method} {step.url}: {page.status}")
        if step.secret == NOTHING:
            nothing[_as_nothing(step, step.url)] = _same(step, page)
        elif step.secret and person not in step.allowed:
            like = nothing[_as_nothing(step, step.url)]
            if _same(step, page) != like:
                findings.told_apart.append(f"{method} {step.url}: {page.status}")
        elif page.status >= 400 and method == "GET" and step.secret:
            findings.refused.append(f"{method} {step.url}: {page.status}")
    return findings


def _as_nothing(step: Step, text: str) -> str:
    """A text with the name of the step's secret changed to that of what does not exist."""
    text = re.sub(rf"\b(vex|earlier-page-of-|earlier page of ){step.secret}", rf"\1{NOTHING}", text)
    return re.sub(r"\b(attachments[/ ])\d+", r"\g<1>0", text)


def _same(step: Step, page: Page) -> str:
    """An answer without what differs between any two answers."""
    text = f"{page.status} {page.headers.get('Location', '')} {page.text}"
    return _as_nothing(step, re.sub(r'(name="csrf_token"[^>]* value=")[^"]*', r"\1", text))
