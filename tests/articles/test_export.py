"""Exporting articles: the very files they came from, or files that mean the same."""

import contextlib
import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal import clock
from portal.accounts.models import Team
from portal.articles import attachments, drafts, services
from portal.articles.drafts import Draft
from portal.articles.models import Alias, Article, Attachment, ImportedFile, Revision, Topic
from portal.articles.transfer import exporting, folder, frontmatter, importing, planning, writing
from portal.db import unit_of_work
from tests.support.folders import PNG, contents, fill, own

FILES = {
    "it/accounts/reset.md": own(
        "Reset it",
        "See [other](../../hr/pay/other.md#how 'T') and ![p](p.png).\n\n## Steps\n\nx",
        keywords="[a,   b]  # two",
        owner="Nobody@x.test",
        extra="{ a: 1 }",
    ),
    "hr/pay/other.md": "\ufeff---\r\ntitle: 'Other'\r\ntopic: hr/pay\r\nteam: payroll\r\n---\r\n\r\n"
    "## How\r\n",
    "it/accounts/p.png": PNG,
    "x/foreign.markdown": "---\ntitle: Foreign\nquestions:\n  - it-help\ncSpell: ignore q\n"
    "keywords: a, b\n---\n\n"
    '# Foreign\n\n[r]({% page "it/accounts/reset" %}) {% include "x" %}\n',
    "x/plain.md": "Only text, [gone](gone.md) ![g](g.png)",
}


@pytest.fixture
def bring(flask_command, tmp_path, world, session):
    root = fill(tmp_path / "wiki", FILES)
    flask_command("content", "import", str(root), "--team", "payroll")
    session.expire_all()
    return root


@pytest.fixture
def out(flask_command, tmp_path, session):
    """Exports into a new folder; gives its files."""
    made = []

    def _out(*options, exit_code=0):
        session.commit()
        made.append(tmp_path / f"out-{len(made)}")
        _out.told = flask_command("content", "export", str(made[-1]), *options, exit_code=exit_code).output
        return contents(made[-1])

    return _out


@pytest.fixture
def again(session, tmp_path, flask_command):
    """Imports files into the database after forgetting all articles; gives what each says."""

    def _again(files):
        session.commit()
        for model in (ImportedFile, Attachment, Alias):
            session.execute(sa.delete(model))
        session.execute(sa.update(Article).values(live_id=None, latest_id=None))
        session.execute(sa.delete(Revision))
        session.execute(sa.delete(Article))
        session.commit()
        root = fill(Path(tempfile.mkdtemp(dir=tmp_path)), files)
        flask_command("content", "import", str(root), "--source", "again", "--team", "payroll")
        session.expire_all()
        return meaning(session)

    return _again


def meaning(session):
    """All that articles say, by address; numbers of attachments are left out."""
    found = {}
    for article in session.scalars(sa.select(Article)):
        draft = drafts.of_article(article)
        names = {
            attachments.address(one): one.sha256
            for one in session.scalars(sa.select(Attachment).where(Attachment.article_id == article.id))
        }
        body = draft.body
        for address, digest in names.items():
            body = body.replace(address, digest)
        aliases = session.scalars(sa.select(Alias.slug).where(Alias.article_id == article.id))
        found[article.slug] = (
            (draft.title, draft.answer, body, draft.keywords, draft.questions, draft.audience),
            draft.language,
            (article.topic.path, article.team.slug, article.owner and article.owner.email),
            (article.review_days, article.checked_on, article.state, sorted(aliases)),
        )
    return found


def edit(session, slug, **changes):
    article = session.scalars(sa.select(Article).where(Article.slug == slug)).one()
    draft = drafts.of_article(article)
    values = {name: changes.get(name, getattr(draft, name)) for name in Draft.__slots__}
    services.save(session, article, Draft(**values), version=article.version, by=None)
    services.publish(session, article, by=None, on=changes.get("checked"))
    session.commit()
    return article


# --- the same files ------------------------------------------------------------------------------


def test_unchanged_articles_give_their_files_byte_for_byte(bring, out):
    wanted = {
        path: content if isinstance(content, bytes) else content.encode() for path, content in FILES.items()
    }
    assert out() == wanted
    assert "4 as they were imported, 0 written anew, 1 pictures and files, 0 problems." in out.told
    assert out("--all") == out("--source", "wiki") == wanted


def test_changed_text_is_written_anew_and_the_rest_of_the_file_stays(bring, out, session):
    edit(session, "reset", body="New [other](/articles/other) and [self](#x) [born](/articles/nobody).\n")
    found = out()
    assert found.pop("it/accounts/reset.md").decode() == (
        "---\ntitle: Reset it\ntopic: it/accounts\nteam: it-service-desk\nkeywords: [a,   b]  # two\n"
        "owner: Nobody@x.test\nextra: { a: 1 }\n"
        f"checked: {clock.today()}\n---\n\n"
        "New [other](../../hr/pay/other.md) and [self](#x) [born](/articles/nobody).\n"
    )
    assert found == {path: contents(bring)[path] for path in found}
    assert "3 as they were imported, 1 written anew" in out.told


def test_changed_front_matter_leaves_the_body_as_it_was_written(bring, out, session, people):
    article = edit(
        session,
        "reset",
        title="Reset: it",
        keywords=("a", "c"),
        owner_id=people.eva.id,
        review_days=30,
        audience={"countries": ["GB"]},
        questions=("Why?",),
        answer="So.",
    )
    article.topic = session.scalars(sa.select(Topic).where(Topic.path == "hr")).one()
    article.team = session.scalars(sa.select(Team).where(Team.slug == "payroll")).one()
    assert out()["it/accounts/reset.md"].decode() == (
        "---\ntitle: 'Reset: it'\ntopic: hr\nteam: payroll\nkeywords: [a, c]\nowner: eva@portal.test\n"
        "extra: { a: 1 }\nanswer: So.\nquestions:\n  - Why?\nreview_days: 30\n"
        f"checked: {clock.today()}\naudience:\n  countries: [GB]\n---\n\n"
        "See [other](../../hr/pay/other.md#how 'T') and ![p](p.png).\n\n## Steps\n\nx"
    )


def test_foreign_page_that_changed_is_in_own_form_from_then_on(bring, out, session, again):
    edit(session, "foreign", questions=("Where is it?",))
    before = meaning(session)
    found = out()
    assert found["x/foreign.markdown"].decode() == (
        "---\ntitle: Foreign\nquestions:\n  - Where is it?\ncSpell: ignore q\nkeywords: a, b\n"
        f"topic: x\nteam: payroll\nchecked: {clock.today()}\noriginal_questions:\n  - it-help\n---\n\n"
        "[r](../it/accounts/reset.md) \n"
    )
    after = again(found)
    assert after["foreign"] == before["foreign"]


def test_plain_page_that_changed_gets_front_matter(bring, out, session):
    edit(session, "plain", body="{% page 'x' %}\n\n")
    assert out()["x/plain.md"].decode() == (
        f"---\ntitle: Plain\ntopic: x\nteam: payroll\nchecked: {clock.today()}\n---\n\n{{% page 'x' %}}\n\n"
    )


def test_articles_of_the_portal_get_files_by_topic(bring, out, session, write_article, people, settings):
    article = write_article(
        "Born: here",
        body="[r](/articles/reset#steps) ![p](PIC) [o](/articles/old-reset)\n",
        owner=people.eva,
        keywords=["x: y", "no"],
        questions=["Is it?"],
        audience={"departments": ["finance"]},
    )
    one = attachments.put(
        session, article, path="upload/1", data=PNG, folder=settings.attachments_dir, name="my pic.png"
    )
    article.live.body = article.live.body.replace("PIC", attachments.address(one))
    write_article("Only a draft", state="draft")
    write_article("Put away", state="archived")
    services.rename(
        session, session.scalars(sa.select(Article).where(Article.slug == "reset")).one(), "r2", by=None
    )
    services.rename(
        session, session.scalars(sa.select(Article).where(Article.slug == "r2")).one(), "r3", by=None
    )
    session.add(
        Alias(
            slug="old-reset",
            article_id=session.scalars(sa.select(Article.id).where(Article.slug == "r3")).one(),
        )
    )
    found = out()
    assert found["it/accounts/born-here.md"].decode() == (
        "---\ntitle: 'Born: here'\nanswer: Do this.\ntopic: it/accounts\nteam: it-service-desk\n"
        "owner: eva@portal.test\nkeywords: ['x: y', 'no']\nquestions:\n  - Is it?\n"
        f"checked: {clock.today()}\n"
        "audience:\n  departments: [finance]\n---\n\n"
        "[r](reset.md#steps) ![p](born-here-files/my%20pic.png) [o](reset.md)\n"
    )
    assert found["it/accounts/born-here-files/my pic.png"] == PNG
    assert "\nstate: draft\n" in found["it/accounts/only-a-draft.md"].decode()
    assert "\nstate: archived\n" in found["it/accounts/put-away.md"].decode()
    renamed = found["it/accounts/reset.md"].decode()
    assert "\nslug: r3\naliases:\n  - old-reset\n  - r2\n  - reset\n---\n" in renamed


def test_what_was_exported_means_the_same_when_imported(
    bring, out, session, write_article, settings, again, people
):
    article = write_article("Born", body="[r](/articles/reset#steps) `[x](y)` ![p](PIC)\n", keywords=["q"])
    one = attachments.put(
        session, article, path="u", data=PNG, folder=settings.attachments_dir, name="a (1).png"
    )
    article.live.body = article.live.body.replace("PIC", attachments.address(one))
    write_article("Draft", state="draft", audience={"countries": ["DE"], "employment": ["intern"]})
    write_article("Other way", body="[b](/articles/born)", topic="it", slug="other-way-2")
    reset = session.scalars(sa.select(Article).where(Article.slug == "reset")).one()
    edit(session, "reset", body=f"{reset.live.body} [b](/articles/born)", owner_id=people.eva.id)
    services.rename(
        session,
        session.scalars(sa.select(Article).where(Article.slug == "foreign")).one(),
        "foreign-2",
        by=None,
    )
    session.commit()
    before = meaning(session)
    files = out()
    after = again(files)
    assert after == before
    assert out() == files


def test_one_import_is_exported_alone(bring, out, session, write_article, flask_command, tmp_path):
    write_article("Born")
    flask_command(
        "content", "import", str(fill(tmp_path / "more", {"a.md": own("A", "[b](b.md)"), "b.md": own("B")}))
    )
    session.expire_all()
    edit(session, "a", body="[b](/articles/b) [r](/articles/reset) [born](/articles/born)")
    alone = out("--source", "more")
    assert sorted(alone) == ["a.md", "b.md"]
    assert alone["a.md"].decode().endswith("\n\n[b](b.md) [r](/articles/reset) [born](/articles/born)")
    every = out()
    assert sorted(every) == sorted(
        [*(f"wiki/{path}" for path in FILES), "more/a.md", "more/b.md", "it/accounts/born.md"]
    )
    assert (
        every["more/a.md"]
        .decode()
        .endswith("\n\n[b](b.md) [r](../wiki/it/accounts/reset.md) [born](../it/accounts/born.md)")
    )


def test_unknown_import_and_both_options_are_refused(bring, flask_command, tmp_path):
    told = flask_command("content", "export", str(tmp_path / "o"), "--source", "nobody", exit_code=1).output
    assert "There is no import named 'nobody'. Imports: wiki." in told
    assert not (tmp_path / "o").exists()
    flask_command("content", "export", str(tmp_path / "o"), "--source", "wiki", "--all", exit_code=2)


# --- where it is written -------------------------------------------------------------------------


def test_folder_with_files_is_refused_without_force(bring, flask_command, tmp_path):
    target = fill(tmp_path / "full", {"mine.txt": "x", "x/plain.md": "old"})
    assert "is not empty" in flask_command("content", "export", str(target), exit_code=1).output
    assert contents(target) == {"mine.txt": b"x", "x/plain.md": b"old"}
    flask_command("content", "export", str(target), "--force")
    found = contents(target)
    assert found.pop("mine.txt") == b"x"
    assert found["x/plain.md"] == FILES["x/plain.md"].encode()
    (tmp_path / "empty").mkdir()
    flask_command("content", "export", str(tmp_path / "empty"))


def test_nothing_is_written_outside_the_folder(bring, flask_command, tmp_path, session):
    outside = fill(tmp_path / "outside", {"precious.md": "x"})
    target = tmp_path / "target"
    target.mkdir()
    (target / "it").symlink_to(outside)
    (target / "x").mkdir()
    (target / "x" / "plain.md").symlink_to(outside / "precious.md")
    told = flask_command("content", "export", str(target), "--force", exit_code=1).output
    assert "it/accounts/reset.md: It cannot be written: it is a link in the folder." in told
    assert contents(outside) == {"precious.md": b"x"}
    assert (target / "x" / "plain.md").read_text() == FILES["x/plain.md"]
    assert not (target / "x" / "plain.md").is_symlink()


@pytest.mark.parametrize(
    "path",
    [
        "../../evil.md",
        "/etc/evil.md",
        "a/../../evil.md",
        "..",
        "a\\..\\evil.md",
        "x\ny.md",
        "a" * 300 + ".md",
    ],
)
def test_paths_of_the_database_cannot_lead_out(bring, session, flask_command, tmp_path, path):
    file = session.scalars(sa.select(ImportedFile).where(ImportedFile.path == "x/plain.md")).one()
    file.path = path
    session.commit()
    target = tmp_path / "deep" / "target"
    flask_command("content", "export", str(target))
    assert FILES["x/plain.md"].encode() in contents(target).values()
    assert sorted(entry.name for entry in (tmp_path / "deep").iterdir()) == ["target"]
    assert not (tmp_path / "evil.md").exists()


def test_missing_bytes_are_told_and_the_rest_is_written(bring, out, session, settings):
    one = session.scalars(sa.select(Attachment)).one()
    (settings.attachments_dir / one.sha256).unlink()
    found = out(exit_code=1)
    assert sorted(found) == sorted(set(FILES) - {"it/accounts/p.png"})
    assert "it/accounts/p.png: The bytes of attachment" in out.told


def test_equal_paths_and_capitals_get_numbers(bring, out, session, write_article, settings):
    first = write_article("Same", topic="it/accounts", slug="reset-2")
    second = session.scalars(sa.select(Article).where(Article.slug == "plain")).one()
    for article, name in ((first, "A.png"), (first, "a.png"), (second, "z.png")):
        attachments.put(
            session, article, path=name, data=PNG + name.encode(), folder=settings.attachments_dir, name=name
        )
    foreign = session.scalars(sa.select(Article).where(Article.slug == "foreign")).one()
    attachments.put(session, foreign, path="z.png", data=PNG + b"other", folder=settings.attachments_dir)
    found = out(exit_code=1)
    assert found["it/accounts/reset-2-files/A.png"] == PNG + b"A.png"
    assert found["it/accounts/reset-2-files/a-2.png"] == PNG + b"a.png"
    assert {found["z.png"], found["z-2.png"]} == {PNG + b"z.png", PNG + b"other"}
    assert "the file z.png is written as z-2.png" in out.told


def test_folder_that_cannot_be_made_is_told(bring, flask_command, tmp_path):
    fill(tmp_path, {"file": "x"})
    told = flask_command("content", "export", str(tmp_path / "file" / "deeper"), exit_code=1).output
    assert "cannot be written" in told


def test_front_matter_that_a_new_rule_refuses_is_written_anew(bring, session, out):
    file = session.scalars(sa.select(ImportedFile).where(ImportedFile.path == "x/plain.md")).one()
    file.text = "---\nchecked: never\n---\nx"
    edit(session, "plain", body="New.")
    assert out()["x/plain.md"].decode().startswith("---\ntitle: Plain\ntopic: x\n")
    file.text = "---\n[\n---\nx"
    assert out()["x/plain.md"].decode().startswith("---\ntitle: Plain\ntopic: x\n")


# --- round trips ---------------------------------------------------------------------------------

LINE = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=30)
SOME = st.lists(LINE, max_size=3).map(tuple)
BODY = st.lists(
    st.sampled_from(
        [
            *(
                "## Heading\n",
                "\n",
                "\n\n",
                "text ",
                "- item\n",
                "    code\n",
                "`a`",
                "```\nx\n```\n",
                "---\n",
                "\ufeff",
            ),
            *(
                "[l](/articles/two#heading)",
                "![p](x y)",
                "[q](/articles/nobody 'T')",
                "[r](#heading)",
                "(",
                ")",
                "]",
                "[",
            ),
            *(
                "{% raw %}",
                "{{ x }}",
                "{% page 'two' %}",
                "<a href='/articles/one'>x</a>",
                "é",
                "# x\n",
                "\t",
                "title: x\n",
            ),
        ]
    ),
    max_size=12,
).map("".join)


@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    title=LINE, answer=LINE, body=BODY, keywords=SOME, questions=SOME,
    language=st.sampled_from(["en", "de", "no", "pt-BR", "zh-Hant"]),
)  # fmt: skip
def test_import_of_an_export_gives_the_same(
    session, world, settings, tmp_path, title, answer, body, keywords, questions, language
):
    words = drafts.tidied(
        Draft(title=title or "T", answer=answer, body=body, keywords=keywords, questions=questions)
    )
    place = {"topic_id": world.topic("it/accounts").id, "team_id": world.team("payroll").id}
    with tempfile.TemporaryDirectory(dir=tmp_path) as root, unit_of_work() as work:
        for slug in ("one", "two"):
            draft = Draft(
                words.title or "T",
                words.answer,
                words.body,
                words.keywords,
                words.questions,
                language,
                **place,
            )
            article = services.create(work, draft, slug=slug, by=None)
            if words.answer or words.body.strip():
                services.publish(work, article, by=None)
        before = meaning(work)
        export = exporting.collect(work, source=None)
        exporting.write(work, export, Path(root), attachments_dir=settings.attachments_dir)
        assert export.problems == []
        work.execute(sa.update(Article).values(live_id=None, latest_id=None))
        for article in work.scalars(sa.select(Article)).all():
            work.delete(article)
        work.flush()
        work.expire_all()
        plan = planning.plan(work, folder.scan(Path(root)), planning.Options(source="r"))
        importing.carry_out(
            plan, work=lambda: contextlib.nullcontext(work), attachments_dir=settings.attachments_dir
        )
        assert plan.report.problems == []
        work.expire_all()
        assert meaning(work) == before
        second = planning.plan(work, folder.scan(Path(root)), planning.Options(source="r"))
        assert (second.steps, second.report.unchanged) == ([], 2)
        for model in (ImportedFile,):
            work.execute(sa.delete(model))
        work.execute(sa.update(Article).values(live_id=None, latest_id=None))
        for article in work.scalars(sa.select(Article)).all():
            work.delete(article)


@pytest.mark.parametrize("change", ["", "title", "language"])
def test_languages_come_back(flask_command, tmp_path, world, session, out, again, change):
    files = {
        "de.md": own("Eins", language="DE  # comment"),
        "en.md": own("Two"),
        "pt.markdown": "---\ntitle: Três\nlang: pt_br\n---\n\nText\n",
    }
    flask_command("content", "import", str(fill(tmp_path / "wiki", files)), "--team", "payroll")
    if change:
        for slug, value in (("de", "fr"), ("en", "es"), ("pt", "en")):
            edit(session, slug, **{change: value})
    session.expire_all()
    before = meaning(session)
    written = out()
    if not change:
        assert written == {path: text.encode() for path, text in files.items()}
    if change == "title":
        assert b"language: DE  # comment" in written["de.md"]
        assert b"language" not in written["en.md"] + written["pt.markdown"]
    if change == "language":
        assert b"language: fr\n" in written["de.md"]
        assert b"language: en\n" in written["pt.markdown"]
    said = again(written)
    assert {slug: one[:2] for slug, one in said.items()} == {slug: one[:2] for slug, one in before.items()}
    languages = ["fr", "es", "en"] if change == "language" else ["de", "en", "pt-BR"]
    assert [said[slug][1] for slug in ("de", "en", "pt")] == languages


def test_head_of_a_new_file_has_a_fixed_order(session, world, write_article):
    article = write_article("Born", keywords=["k"], questions=["Q?"])
    item = writing.Item(article=article, path="it/accounts/born.md", imported=None)
    head, _ = frontmatter.split(writing.text_of(session, item, lambda _address: None))
    assert list(head.blocks) == ["title", "answer", "topic", "team", "keywords", "questions", "checked"]
    article.live.language = "de"
    head, _ = frontmatter.split(writing.text_of(session, item, lambda _address: None))
    assert head.scalar("language") == "de"
