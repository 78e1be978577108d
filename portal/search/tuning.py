"""What admins teach the search: keeping it, changing it, taking a change back.

`rules` is what asking needs and costs one statement: the rules themselves stay in memory until the
stamp in the database changes, whichever process changed it.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, joinedload

from portal import clock
from portal.accounts.models import Person
from portal.accounts.permissions import can, who_can
from portal.articles.models import Article
from portal.articles.queries import visible_to
from portal.db import insert_missing
from portal.errors import Conflict, Invalid, NotAllowed, NotFound
from portal.indexing.analysis import analyse
from portal.search.models import (
    ChangeAction,
    RuleChange,
    RuleKind,
    RuleState,
    TuningRule,
    TuningStamp,
)
from portal.search.rules import Bet, Rules, Synonym
from portal.search.tuning_checks import Content, checked, of_json

ONLY_ROW = 1

_kept: WeakKeyDictionary[Engine, tuple[str, Rules]] = WeakKeyDictionary()


# --- reading ---------------------------------------------------------------------------------


def rules(session: Session) -> Rules:
    """All rules in force, as this transaction sees them. One statement when nothing has changed."""
    engine, now = _engine(session), stamp(session)
    kept = _kept.get(engine)
    if kept is None or kept[0] != now:
        kept = now, build(in_force(session).values())
        _kept[engine] = kept
    return kept[1]


def _engine(session: Session) -> Engine:
    return session.get_bind().engine


_STAMP = sa.select(TuningStamp.stamp).where(TuningStamp.id == ONLY_ROW)


def stamp(session: Session) -> str:
    """A text that changes whenever a rule does; empty while there never was one."""
    return session.scalar(_STAMP) or ""


def in_force(session: Session) -> dict[int, Content]:
    """What the active rules say, by id, in the order they were made."""
    rows = session.execute(
        sa.select(TuningRule.id, TuningRule.kind, TuningRule.words, TuningRule.means, TuningRule.article_id)
        .where(TuningRule.state == RuleState.ACTIVE)
        .order_by(TuningRule.id)
    )
    return {row.id: Content(row.kind, tuple(row.words), tuple(row.means), row.article_id) for row in rows}


def build(contents: Iterable[Content]) -> Rules:
    """The rules in the form in which a question is understood."""
    contents = list(contents)
    return Rules(
        synonyms=tuple(
            Synonym(one.words, one.means or one.words) for one in contents if one.kind is RuleKind.SYNONYM
        ),
        bets=tuple(
            Bet(question, one.article_id)
            for one in contents
            if one.kind is RuleKind.BET and one.article_id is not None
            for question in one.words
        ),
        less=_folded(contents, RuleKind.LESS),
        full=_folded(contents, RuleKind.FULL),
    )


def _folded(contents: Iterable[Content], kind: RuleKind) -> frozenset[str]:
    return frozenset(
        token.word for one in contents if one.kind is kind for word in one.words for token in analyse(word)
    )


def find(session: Session, number: int, *, removed: bool = False) -> TuningRule:
    """The active rule with this id, or with `removed` also one that was removed. Raises NotFound."""
    found = session.get(TuningRule, number)
    if found is None or (found.state is RuleState.REMOVED and not removed):
        raise NotFound("There is no such rule.")
    return found


def listed(session: Session, kinds: Sequence[RuleKind]) -> Sequence[TuningRule]:
    """The active rules of these kinds, the newest first, with their articles and who changed them."""
    return session.scalars(
        sa.select(TuningRule)
        .where(TuningRule.state == RuleState.ACTIVE, TuningRule.kind.in_(kinds))
        .order_by(TuningRule.updated_at.desc(), TuningRule.id.desc())
        .options(
            joinedload(TuningRule.article).joinedload(Article.live),
            joinedload(TuningRule.updated_by).lazyload("*"),
        )
    ).all()


def counts(session: Session) -> Mapping[RuleKind, int]:
    """How many active rules there are of each kind that has any."""
    rows = session.execute(
        sa.select(TuningRule.kind, sa.func.count().label("number"))
        .where(TuningRule.state == RuleState.ACTIVE)
        .group_by(TuningRule.kind)
    )
    return {row.kind: row.number for row in rows}


# --- changing --------------------------------------------------------------------------------


def content_of(rule: TuningRule) -> Content:
    """What a rule says."""
    return Content(rule.kind, tuple(rule.words), tuple(rule.means), rule.article_id)


def check(session: Session, content: Content, *, by: Person, instead_of: int | None = None) -> Content:
    """`content`, tidied, when it can be saved now, beside all other rules or in place of one of them.

    Raises Invalid with a message for each field at fault, NotAllowed for who is no admin.
    """
    _require_admin(by)
    others = {number: one for number, one in in_force(session).items() if number != instead_of}
    content = checked(content, others.values())
    if content.kind is RuleKind.BET:
        _check_article(session, content, by=by)
    return content


def _check_article(session: Session, content: Content, *, by: Person) -> None:
    shown = visible_to(by).where(Article.id == (content.article_id or 0)).with_only_columns(Article.id)
    if session.scalar(shown) is None:
        message = (
            "Choose the article to recommend."
            if content.article_id is None
            else "This article is not published, so nobody could open it. Publish it, or choose another."
        )
        raise Invalid(message, article=message)


def _require_admin(person: Person) -> None:
    if not can(person, "admin"):
        raise NotAllowed(who_can("admin"))


def add(session: Session, content: Content, *, by: Person) -> TuningRule:
    """Add a rule. Raises Invalid and NotAllowed."""
    _queue_up(session)
    content = check(session, content, by=by)
    rule = TuningRule(kind=content.kind)
    session.add(rule)
    _write(session, rule, content, by=by)
    _note(session, rule, ChangeAction.ADDED, None, content, by=by)
    return rule


def change(session: Session, rule: TuningRule, content: Content, *, version: int, by: Person) -> None:
    """Make `rule` say something else. Raises Invalid, NotAllowed, and Conflict when it is not what
    the person saw at `version` any more. Saying the same again changes nothing."""
    before = _locked(session, rule, version=version)
    content = check(session, content, by=by, instead_of=rule.id)
    if content != before:
        _write(session, rule, content, by=by)
        _note(session, rule, ChangeAction.CHANGED, before, content, by=by)


def remove(session: Session, rule: TuningRule, *, version: int, by: Person) -> None:
    """Remove `rule`. Raises NotAllowed, and Conflict when it is not what the person saw any more."""
    _require_admin(by)
    before = _locked(session, rule, version=version)
    _write(session, rule, None, by=by)
    _note(session, rule, ChangeAction.REMOVED, before, None, by=by)


def _locked(session: Session, rule: TuningRule, *, version: int) -> Content:
    """What the rule says now. Raises Conflict when that is newer than `version`."""
    _queue_up(session)
    session.refresh(rule)
    if rule.state is RuleState.REMOVED:
        raise Conflict("Somebody else removed this while you were at it.")
    if rule.version != version:
        raise Conflict("Somebody else changed this while you were at it.")
    return content_of(rule)


def _queue_up(session: Session) -> None:
    """Write the stamp: other processes learn that rules change, and other changes wait for this one,
    so that what is checked here still holds when it is saved."""
    insert_missing(session, TuningStamp, [{"id": ONLY_ROW, "version": 0, "stamp": ""}])
    session.execute(
        sa.update(TuningStamp)
        .where(TuningStamp.id == ONLY_ROW)
        .values(version=TuningStamp.version + 1, stamp=secrets.token_hex(16))
    )


def _write(session: Session, rule: TuningRule, content: Content | None, *, by: Person | None) -> None:
    """Store what the rule says from now on; None: it is removed."""
    if content is not None:
        rule.words, rule.means, rule.article_id = list(content.words), list(content.means), content.article_id
    rule.state = RuleState.REMOVED if content is None else RuleState.ACTIVE
    rule.version = (rule.version or 0) + 1
    rule.updated_at = clock.now()
    rule.updated_by_id = by.id if by else None
    session.flush()


def _note(
    session: Session,
    rule: TuningRule,
    action: ChangeAction,
    before: Content | None,
    after: Content | None,
    *,
    by: Person | None,
    undoes: RuleChange | None = None,
) -> None:
    session.add(
        RuleChange(
            person_id=by.id if by else None,
            action=action,
            rule_id=rule.id,
            before=before and before.as_json(),
            after=after and after.as_json(),
            undoes_id=undoes.id if undoes else None,
        )
    )
    session.flush()


def load(session: Session, content: Content, *, source: str) -> bool:
    """Add a rule that comes from a file, as line `source`; False when that line was loaded before,
    whatever became of the rule since. Raises Invalid."""
    _queue_up(session)
    if session.scalar(sa.select(TuningRule.id).where(TuningRule.source == source)) is not None:
        return False
    content = checked(content, in_force(session).values())
    rule = TuningRule(kind=content.kind, source=source)
    session.add(rule)
    _write(session, rule, content, by=None)
    _note(session, rule, ChangeAction.LOADED, None, content, by=None)
    return True


# --- what was changed, and taking it back ----------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """One change as the list shows it. `undoable`: nothing has changed the rule since."""

    change: RuleChange
    before: Content | None
    after: Content | None
    undoable: bool


def changes(session: Session, *, limit: int, offset: int = 0) -> tuple[list[Entry], int]:
    """One page of all changes, the newest first, and how many there are."""
    found = session.scalars(
        sa.select(RuleChange)
        .order_by(RuleChange.id.desc())
        .limit(limit)
        .offset(offset)
        .options(joinedload(RuleChange.rule), joinedload(RuleChange.person).lazyload("*"))
    ).all()
    return [_entry(one) for one in found], session.scalar(sa.select(sa.func.count(RuleChange.id))) or 0


def _entry(one: RuleChange) -> Entry:
    before, after = one.before and of_json(one.before), one.after and of_json(one.after)
    return Entry(one, before or None, after or None, _now(one.rule) == (after or None))


def _now(rule: TuningRule) -> Content | None:
    return content_of(rule) if rule.state is RuleState.ACTIVE else None


def find_change(session: Session, number: int) -> Entry:
    """The change with this id. Raises NotFound."""
    found = session.get(RuleChange, number)
    if found is None:
        raise NotFound("There is no such change.")
    return _entry(found)


def check_undo(session: Session, entry: Entry, *, by: Person) -> None:
    """Whether `undo` would work now. Raises Conflict, Invalid and NotAllowed as it does."""
    _require_admin(by)
    if not entry.undoable:
        raise Conflict("This was changed again since, so it cannot be undone. Change it by hand.")
    if entry.before is not None:
        instead = entry.change.rule_id if entry.after is not None else None
        check(session, entry.before, by=by, instead_of=instead)


def undo(session: Session, done: RuleChange, *, by: Person) -> None:
    """Make the rule say again what it said before `done`; this is a change of its own.

    Raises Conflict when the rule was changed since, Invalid when what it said cannot stand beside
    the rules there are now, and NotAllowed.
    """
    _queue_up(session)
    session.refresh(done.rule)
    entry = _entry(done)
    check_undo(session, entry, by=by)
    action = (
        ChangeAction.REMOVED
        if entry.before is None
        else ChangeAction.ADDED
        if entry.after is None
        else ChangeAction.CHANGED
    )
    _write(session, done.rule, entry.before, by=by)
    _note(session, done.rule, action, entry.after, entry.before, by=by, undoes=done)
