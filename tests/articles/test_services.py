"""Writing articles through the services: each works, each role, each refusal."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from portal import clock
from portal.accounts.models import Membership, Role, Team
from portal.articles import drafts, services
from portal.articles.models import Alias, Article, Rendering, Revision, State
from portal.articles.services import Draft
from portal.errors import Conflict, Invalid, NotAllowed, NotFound, WrongState
from portal.indexing import outbox
from portal.jobs.models import Job


@pytest.fixture
def draft(world, people):
    return Draft(
        title="Reset your password",
        answer="Go to the sign-in page and select Forgot password.",
        body="1. Open the sign-in page.\n2. Select **Forgot password**.",
        keywords=("PIN", "locked out"),
        questions=("How do I get a new password?",),
        topic_id=world.topic("it/accounts").id,
        team_id=world.team("it-service-desk").id,
        owner_id=people.eva.id,
        audience={"countries": ["GB"]},
        review_days=90,
    )


@pytest.fixture
def lead(session, people, world):
    """Gus, who leads the IT Service Desk here."""
    people.gus.memberships.append(Membership(team=world.team("it-service-desk"), role=Role.LEAD))
    session.flush()
    return people.gus


@pytest.fixture
def article(session, draft, people):
    return services.create(session, draft, by=people.eva)


def outboxed(session):
    return [job.payload["group"] for job in session.scalars(sa.select(Job).where(Job.kind == outbox.KIND))]


# --- it works --------------------------------------------------------------------------------


def test_a_new_article_is_a_draft_with_one_revision(session, draft, people):
    article = services.create(session, draft, note="First text", by=people.eva)
    session.expire_all()
    assert (article.slug, article.state, article.version) == ("reset-your-password", State.DRAFT, 1)
    assert article.live is None
    latest = article.latest
    assert (latest.number, latest.note, latest.author) == (1, "First text", people.eva)
    assert (latest.title, latest.answer, latest.body) == (draft.title, draft.answer, draft.body)
    assert (latest.keywords, latest.questions) == (list(draft.keywords), list(draft.questions))
    assert article.audience.key == "countries=GB"
    assert (article.owner, article.review_days) == (people.eva, 90)
    assert outboxed(session) == []
    assert drafts.of_article(article) == replace(draft, audience={"countries": ["GB"]})


def test_every_save_is_a_revision_and_leaves_the_earlier_ones(session, article, draft, people):
    for number in (2, 3, 4):
        revision = services.save(
            session, article, replace(draft, body=f"Text {number}"), version=number - 1, by=people.eva
        )
        assert (revision.number, article.version, article.latest) == (number, number, revision)
    assert [r.body for r in article.revisions] == [draft.body, "Text 2", "Text 3", "Text 4"]


def test_publishing_shows_the_latest_text_and_has_it_indexed(session, article, people):
    services.publish(session, article, version=1, by=people.eva)
    assert (article.state, article.live, article.version) == (State.PUBLISHED, article.latest, 2)
    assert article.checked_on == clock.today()
    assert article.review_due == clock.today() + timedelta(days=90)
    assert article.published_at is not None
    assert outboxed(session) == [article.id]
    assert session.scalar(sa.select(sa.func.count()).select_from(Rendering)) == 1


def test_the_live_text_stays_while_the_next_is_drafted(session, article, draft, people):
    services.publish(session, article, by=people.eva)
    live = article.live
    services.save(session, article, replace(draft, body="Better."), version=2, by=people.eva)
    assert (article.live, article.latest.body) == (live, "Better.")
    services.publish(session, article, by=people.eva)
    assert article.live.body == "Better."


def test_publishing_what_is_live_changes_nothing(session, article, people):
    services.publish(session, article, by=people.eva)
    before = (article.version, article.published_at, outboxed(session))
    services.publish(session, article, by=people.eva)
    assert (article.version, article.published_at, outboxed(session)) == before


def test_an_import_says_when_the_text_was_checked(session, article):
    day = clock.today() - timedelta(days=400)
    services.publish(session, article, by=None, on=day)
    assert (article.checked_on, article.review_due) == (day, day + timedelta(days=90))


def test_still_correct_moves_the_day(session, article, people, travel):
    services.publish(session, article, by=people.eva)
    version = article.version
    travel(days=100)
    services.confirm(session, article, by=people.eva)
    assert article.checked_on == clock.today()
    assert article.review_due == clock.today() + timedelta(days=90)
    assert article.version == version + 1
    assert outboxed(session) == [article.id, article.id]
    services.confirm(session, article, by=people.eva)
    assert article.version == version + 1


def test_another_interval_moves_the_day_it_is_due(session, article, draft, people):
    services.publish(session, article, by=people.eva)
    services.save(session, article, replace(draft, review_days=365), version=2, by=people.eva)
    assert article.review_due == clock.today() + timedelta(days=365)


def test_archiving_and_bringing_back(session, article, people, lead):
    services.publish(session, article, by=people.eva)
    services.archive(session, article, by=lead)
    assert article.state is State.ARCHIVED
    services.archive(session, article, by=lead)
    services.unarchive(session, article, by=lead)
    assert (article.state, article.live) == (State.DRAFT, None)
    services.unarchive(session, article, by=lead)
    assert article.version == 4
    assert outboxed(session) == [article.id] * 3


def test_restoring_makes_the_old_text_the_latest_revision(session, article, draft, people):
    services.publish(session, article, by=people.eva)
    other = replace(draft, title="Other", answer="", body="Worse.", keywords=(), questions=(), review_days=30)
    services.save(session, article, other, version=2, by=people.eva)
    revision = services.restore(session, article, 1, version=3, by=people.eva)
    assert (revision.number, revision.title, revision.body) == (3, draft.title, draft.body)
    assert (revision.keywords, revision.note) == (list(draft.keywords), "Restored revision 1.")
    assert (article.review_days, article.live.number, article.version) == (30, 1, 4)


def test_a_new_address_keeps_the_old_one(session, article, people):
    services.publish(session, article, by=people.eva)
    services.rename(session, article, " New-Password ", by=people.eva)
    assert article.slug == "new-password"
    assert session.get(Alias, "reset-your-password").article_id == article.id
    services.rename(session, article, "reset-your-password", by=people.eva)
    assert session.get(Alias, "reset-your-password") is None
    assert session.get(Alias, "new-password").article_id == article.id
    version = article.version
    services.rename(session, article, "reset-your-password", by=people.eva)
    assert article.version == version


@pytest.mark.parametrize(
    "change",
    [
        {"audience": {"departments": ["finance"]}},
        {"audience": {}},
        {"owner_id": None},
        {"review_days": 30},
        {"body": "Another draft."},
    ],
    ids=["audience", "everybody", "owner", "interval", "text"],
)
def test_every_change_of_a_published_article_reaches_the_index(session, article, draft, people, change):
    services.publish(session, article, by=people.eva)
    services.save(session, article, replace(draft, **change), version=2, by=people.eva)
    assert outboxed(session) == [article.id] * 2


def test_a_change_of_place_counts_at_once(session, article, draft, people, world):
    services.publish(session, article, by=people.ada)
    moved = replace(
        draft,
        topic_id=world.topic("hr/pay").id,
        team_id=world.team("payroll").id,
        audience={"departments": ["Finance"]},
    )
    services.save(session, article, moved, version=2, by=people.ada)
    assert article.topic.path == "hr/pay"
    assert article.team.slug == "payroll"
    assert article.audience.key == "departments=finance"


def test_text_is_tidied_before_it_is_stored(session, draft, people):
    messy = replace(
        draft,
        title="  Reset\tyour \n password\x00 ",
        answer="One\r\nline",
        body="a\r\nb\rc\x00\x07\ud800",
        keywords=(" PIN ", "pin", "", "  "),
        questions=("Why?", "why?"),
    )
    latest = services.create(session, messy, note=" a \n b ", by=people.eva).latest
    assert (latest.title, latest.answer, latest.body) == ("Reset your password", "One line", "a\nb\nc")
    assert (latest.keywords, latest.questions, latest.note) == (["PIN"], ["Why?"], "a b")


# --- the same form twice ---------------------------------------------------------------------


def test_a_form_sent_twice_makes_one_article(session, draft, people):
    first = services.create(session, draft, form_token="abc", by=people.eva)
    assert services.create(session, draft, form_token="abc", by=people.eva) is first
    assert session.scalar(sa.select(sa.func.count()).select_from(Article)) == 1


def test_a_form_sent_twice_saves_once(session, article, draft, people):
    changed = replace(draft, body="Once.")
    first = services.save(session, article, changed, version=1, form_token="abc", by=people.eva)
    assert services.save(session, article, changed, version=1, form_token="abc", by=people.eva) is first
    assert (article.version, len(article.revisions)) == (2, 2)


def test_a_form_of_one_article_sent_for_another_is_a_conflict(session, article, draft, people):
    other = services.create(session, draft, by=people.eva)
    services.save(session, article, draft, version=article.version, form_token="once", by=people.eva)
    with pytest.raises(Conflict):
        services.save(session, other, draft, version=other.version, form_token="once", by=people.eva)


def test_a_form_sent_again_with_another_text_is_not_swallowed(session, draft, people):
    services.create(session, draft, form_token="abc", by=people.eva)
    for change in ({"body": "More."}, {"review_days": 30, "owner_id": None}):
        with pytest.raises(Conflict):
            services.create(session, replace(draft, **change), form_token="abc", by=people.eva)
    with pytest.raises(Conflict):
        services.create(session, draft, form_token="abc", by=people.ada)


# --- roles -----------------------------------------------------------------------------------

STEPS = {
    "create": lambda s, a, d, p: services.create(s, d, by=p),
    "save": lambda s, a, d, p: services.save(s, a, d, version=a.version, by=p),
    "publish": lambda s, a, d, p: services.publish(s, a, by=p),
    "confirm": lambda s, a, d, p: services.confirm(s, a, by=p),
    "restore": lambda s, a, d, p: services.restore(s, a, 1, version=a.version, by=p),
    "rename": lambda s, a, d, p: services.rename(s, a, "other", by=p),
    "archive": lambda s, a, d, p: services.archive(s, a, by=p),
    "unarchive": lambda s, a, d, p: services.unarchive(s, a, by=p),
}
LEADS_ONLY = {"archive", "unarchive"}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", ["ana", "ben", "otto", "gus"])
def test_who_does_not_write_for_the_team_is_refused(session, article, draft, people, step, name):
    services.publish(session, article, by=None)
    version = article.version
    with pytest.raises(NotAllowed):
        STEPS[step](session, article, draft, getattr(people, name))
    assert (article.version, article.state) == (version, State.PUBLISHED)


@pytest.mark.parametrize("step", STEPS)
def test_an_author_writes_and_a_lead_archives(session, article, draft, people, step):
    services.publish(session, article, by=None)
    if step in LEADS_ONLY:
        with pytest.raises(NotAllowed):
            STEPS[step](session, article, draft, people.eva)
    else:
        STEPS[step](session, article, draft, people.eva)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("who", ["lead", "admin", "portal"])
def test_leads_admins_and_the_portal_may_do_everything(session, article, draft, people, lead, step, who):
    services.publish(session, article, by=None)
    STEPS[step](session, article, draft, {"lead": lead, "admin": people.ada, "portal": None}[who])


def test_somebody_who_left_may_do_nothing(session, article, draft, people):
    people.ada.active = False
    for step in STEPS.values():
        with pytest.raises(NotAllowed):
            step(session, article, draft, people.ada)


def test_moving_needs_the_right_for_both_teams(session, article, draft, people, world):
    to_payroll = replace(draft, team_id=world.team("payroll").id)
    with pytest.raises(NotAllowed):
        services.save(session, article, to_payroll, version=1, by=people.eva)
    people.eva.memberships.append(Membership(team=world.team("payroll"), role=Role.AUTHOR))
    session.flush()
    services.save(session, article, to_payroll, version=1, by=people.eva)
    assert article.team.slug == "payroll"
    people.eva.memberships = [m for m in people.eva.memberships if m.team.slug != "it-service-desk"]
    session.flush()
    with pytest.raises(NotAllowed):
        services.save(session, article, draft, version=2, by=people.eva)


# --- refusals --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": " \x00\n"}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"answer": "x" * 301}, "answer"),
        ({"body": "x" * 500_001}, "body"),
        ({"body": "é" * 250_001}, "body"),
        ({"body": "x" * 110_000}, "body"),
        ({"keywords": ("x" * 81,)}, "keywords"),
        ({"keywords": tuple(map(str, range(41)))}, "keywords"),
        ({"questions": ("x" * 201,)}, "questions"),
        ({"questions": tuple(map(str, range(41)))}, "questions"),
        ({"topic_id": 999_999}, "topic"),
        ({"owner_id": 999_999}, "owner"),
        ({"review_days": 7}, "review_days"),
        ({"audience": {"countries": ["XX"]}}, "audience"),
        ({"audience": {"moons": ["Io"]}}, "audience"),
    ],
)
def test_what_cannot_be_used_is_named_by_its_field(session, article, draft, people, change, field):
    bad = replace(draft, **change)
    for attempt in (
        lambda: services.create(session, bad, by=people.eva),
        lambda: services.save(session, article, bad, version=1, by=people.eva),
    ):
        with pytest.raises(Invalid) as refusal:
            attempt()
        assert list(refusal.value.fields) == [field]
        assert refusal.value.fields[field].endswith(".")
    assert (article.version, len(article.revisions)) == (1, 1)


def test_a_team_that_does_not_exist_is_refused(session, draft, people):
    with pytest.raises(Invalid) as refusal:
        services.create(session, replace(draft, team_id=999_999), by=people.ada)
    assert list(refusal.value.fields) == ["team"]


def test_an_owner_who_left_is_refused(session, draft, people):
    people.eva.active = False
    with pytest.raises(Invalid) as refusal:
        services.create(session, draft, by=people.ada)
    assert list(refusal.value.fields) == ["owner"]


def test_all_problems_are_told_at_once(session, people, world):
    bad = Draft(title="", team_id=world.team("it-service-desk").id, review_days=1)
    with pytest.raises(Invalid) as refusal:
        services.create(session, bad, by=people.eva)
    assert set(refusal.value.fields) == {"title", "topic", "review_days"}


def test_a_note_that_is_too_long_is_refused(session, draft, people):
    with pytest.raises(Invalid) as refusal:
        services.create(session, draft, note="x" * 301, by=people.eva)
    assert list(refusal.value.fields) == ["note"]


def test_an_audience_too_long_for_its_column_is_refused(session, draft, world):
    teams = [Team(slug=f"team-with-a-rather-long-name-{n}", name=f"Team {n}") for n in range(40)]
    session.add_all(teams)
    session.flush()
    with pytest.raises(Invalid) as refusal:
        services.create(session, replace(draft, audience={"teams": [t.slug for t in teams]}), by=None)
    assert list(refusal.value.fields) == ["audience"]


def test_limits_are_inclusive(session, draft, people):
    full = replace(
        draft,
        title="x" * 200,
        answer="x" * 300,
        keywords=tuple(f"{n:080}" for n in range(40)),
        questions=tuple(f"{n:0200}" for n in range(40)),
    )
    assert services.create(session, full, note="x" * 300, by=people.eva).latest.title == "x" * 200


def test_a_stale_save_is_a_conflict_and_changes_nothing(session, article, draft, people):
    services.save(session, article, replace(draft, body="Theirs."), version=1, by=people.eva)
    for version in (1, 0, 3, -1):
        with pytest.raises(Conflict):
            services.save(session, article, replace(draft, body="Mine."), version=version, by=people.eva)
    with pytest.raises(Conflict):
        services.publish(session, article, version=1, by=people.eva)
    with pytest.raises(Conflict):
        services.restore(session, article, 1, version=1, by=people.eva)
    assert (article.latest.body, article.version, article.state) == ("Theirs.", 2, State.DRAFT)


def test_an_archived_article_is_not_changed(session, article, draft, people, lead):
    services.archive(session, article, by=lead)
    for attempt in (
        lambda: services.save(session, article, draft, version=2, by=lead),
        lambda: services.publish(session, article, by=lead),
        lambda: services.confirm(session, article, by=lead),
        lambda: services.restore(session, article, 1, version=2, by=lead),
    ):
        with pytest.raises(WrongState):
            attempt()


def test_a_draft_cannot_be_confirmed(session, article, people):
    with pytest.raises(WrongState):
        services.confirm(session, article, by=people.eva)


def test_an_empty_page_is_not_published(session, draft, people):
    article = services.create(session, replace(draft, answer="", body=" \n"), by=people.eva)
    with pytest.raises(Invalid) as refusal:
        services.publish(session, article, by=people.eva)
    assert "body" in refusal.value.fields
    assert article.state is State.DRAFT


def test_a_revision_that_does_not_exist_cannot_be_restored(session, article, people, write_article):
    other = write_article("Other")
    assert other.latest.number == 1
    with pytest.raises(NotFound):
        services.restore(session, article, 2, version=1, by=people.eva)


@pytest.mark.parametrize(
    "slug", ["", "a b", "a--b", "-a", "a_b", "a/b", "a.b", "x" * 121, "new", "<b>", "a\x00"]
)
def test_an_address_that_cannot_be_used_is_refused(session, article, people, slug):
    with pytest.raises(Invalid) as refusal:
        services.rename(session, article, slug, by=people.eva)
    assert list(refusal.value.fields) == ["slug"]
    assert article.slug == "reset-your-password"


def test_the_address_of_another_is_refused_present_or_old(session, article, people, write_article):
    other = write_article("Other page")
    services.rename(session, other, "moved", by=None)
    for slug in ("moved", "other-page"):
        with pytest.raises(Invalid):
            services.rename(session, article, slug, by=people.eva)
        with pytest.raises(Invalid):
            services.create(session, drafts.of_article(article), slug=slug, by=people.eva)


# --- addresses -------------------------------------------------------------------------------


def test_equal_titles_get_numbers(session, draft, people):
    slugs = [services.create(session, draft, by=people.eva).slug for _ in range(3)]
    assert slugs == ["reset-your-password", "reset-your-password-2", "reset-your-password-3"]


def test_an_address_that_was_given_up_is_not_given_away(session, article, draft, people):
    services.rename(session, article, "elsewhere", by=people.eva)
    assert services.create(session, draft, by=people.eva).slug == "reset-your-password-2"


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("What's new?", "whats-new"),
        ("New", "new-2"),
        ("Größe & Überraschung: l’été?", "grosse-uberraschung-lete"),
        ("Łódź, Ærø, Þórshöfn", "lodz-aero-thorshofn"),
        ("Как сбросить пароль", "kak-sbrosit-parol"),
        ("Πώς αλλάζω κωδικό", "pos-allazo-kodiko"),
        ("密码重置", "密码重置"),
        ("पासवर्ड रीसेट करें", "पासवर्ड-रीसेट-करें"),
        ("😀 !!!", "article"),
        ("../../etc/passwd", "etc-passwd"),
        ("word " * 40, "-".join(["word"] * 16)),
        ("x" * 150, "x" * 80),
    ],
)
def test_a_title_makes_a_readable_address(session, draft, people, title, slug):
    assert services.create(session, replace(draft, title=title), by=people.eva).slug == slug


def test_revisions_are_never_changed(session, article, draft, people):
    first = session.scalars(sa.select(Revision)).one()
    before = (first.title, first.body, first.created_at)
    services.save(session, article, replace(draft, title="Other", body="Other"), version=1, by=people.eva)
    services.publish(session, article, by=people.eva)
    session.expire_all()
    assert (first.title, first.body, first.created_at) == before
