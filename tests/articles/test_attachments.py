"""Files of articles: who gets them, under which name, and that none of them runs in the browser."""

import hashlib
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from portal.articles import attachments
from portal.articles.models import Attachment
from portal.errors import Invalid, NotFound

OWN = Path(__file__).parent / "payloads"
NAMES = json.loads((OWN / "evil_filenames.json").read_text(encoding="utf-8"))
UPLOADS = json.loads((OWN / "evil_uploads.json").read_text(encoding="utf-8"))
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
RESERVED = {"con", "nul", "prn", "aux"}


@pytest.fixture
def put(session, settings):
    """`put(article, path, data)` stores a file and commits."""

    def _put(article, path="a.png", data=PNG, **details):
        found = attachments.put(
            session, article, path=path, data=data, folder=settings.attachments_dir, **details
        )
        session.commit()
        return found

    return _put


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF87a..", "image/gif"),
        (b"GIF89a..", "image/gif"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\x10\0\0\0WAVEfmt ", "application/octet-stream"),
        (b"%PDF-1.7", "application/pdf"),
        (b"PK\x03\x04", "application/zip"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "text/plain"),
        ("Grüße".encode(), "text/plain"),
        ("Grüße".encode("latin-1"), "application/octet-stream"),
        (b"a\0b", "application/octet-stream"),
    ],
)
def test_content_says_what_a_file_is(data, kind):
    assert attachments.sniff(data) == kind


@pytest.mark.parametrize("name", NAMES)
def test_names_are_made_safe(name):
    safe = attachments.clean_name(name)
    assert 0 < len(safe.encode()) <= attachments.MAX_NAME
    assert safe.isprintable()
    assert not set(safe) & set('\\/:*?"<>|;%')
    assert safe[0] not in ".-~ "
    assert safe[-1] not in ". "
    assert safe.split(".")[0].lower() not in RESERVED
    assert attachments.clean_name(safe) == safe


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("naïve résumé.pdf", "naïve résumé.pdf"),
        ("日本語.pdf", "日本語.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\x.txt", "x.txt"),
        ("", "file"),
        ("..", "file"),
        ("a" * 300 + ".txt", "a" * 146 + ".txt"),
        ("x.tar." + "y" * 300, ("x.tar." + "y" * 300)[:150]),
        ("nul.txt", "_nul.txt"),
        ("a\r\nSet-Cookie: x=1.txt", "a Set-Cookie_ x=1.txt"),
    ],
)
def test_names_stay_as_close_as_can_be(name, safe):
    assert attachments.clean_name(name) == safe


def test_bytes_lie_under_their_digest_once(session, settings, write_article, put):
    first = put(write_article("a"), "deep/path/b.png")
    second = put(write_article("b"), "c.png")
    digest = hashlib.sha256(PNG).hexdigest()
    assert (first.sha256, first.size, first.name, first.media_type) == (
        digest,
        len(PNG),
        "b.png",
        "image/png",
    )
    assert second.sha256 == digest
    assert [path.name for path in settings.attachments_dir.iterdir()] == [digest]
    assert settings.attachments_dir.stat().st_mode & 0o777 == 0o700
    assert attachments.file_of(first, settings.attachments_dir).read_bytes() == PNG


def test_same_path_again_replaces_the_file(session, write_article, put):
    article = write_article("a")
    before = put(article, "a.png").id
    after = put(article, "a.png", b"text now", name="b.txt")
    assert (after.id, after.name, after.media_type, after.size) == (before, "b.txt", "text/plain", 8)


@pytest.mark.parametrize(("data", "words"), [(b"", "is empty"), (b"x" * 11, "is larger than")])
def test_files_that_are_refused(write_article, put, monkeypatch, data, words):
    monkeypatch.setattr(attachments, "MAX_BYTES", 10)
    with pytest.raises(Invalid, match=words) as refused:
        put(write_article("a"), data=data)
    assert "file" in refused.value.fields


def test_failed_write_leaves_nothing_behind(settings, write_article, put, monkeypatch):
    def fail(_descriptor):
        raise OSError("disk full")

    monkeypatch.setattr(attachments.os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        put(write_article("a"))
    assert list(settings.attachments_dir.iterdir()) == []


# --- handing out -------------------------------------------------------------------------------

SEEN = {
    "published": ({}, {"ana", "ben", "eva", "gus", "ada", "otto"}),
    "draft": ({"state": "draft"}, {"eva", "ada"}),
    "draft of another team": ({"state": "draft", "team": "payroll"}, {"ada"}),
    "archived": ({"state": "archived"}, {"eva", "ada"}),
    "for a country": ({"audience": {"countries": ["GB"]}, "team": "payroll"}, {"ana", "ben", "eva", "ada"}),
}


@pytest.mark.parametrize(("details", "who"), SEEN.values(), ids=SEEN)
def test_file_is_for_those_who_may_see_its_article(people, client_for, write_article, put, details, who):
    address = attachments.address(put(write_article("a", **details)))
    for name in ("ana", "ben", "eva", "gus", "ada", "otto"):
        client_for(getattr(people, name)).get(address, status=200 if name in who else 404)


def test_image_is_shown(people, client_for, write_article, put):
    page = client_for(people.ana).get(attachments.address(put(write_article("a"))))
    assert page.response.data == PNG
    assert page.headers["Content-Type"] == "image/png"
    assert page.headers["Content-Disposition"].startswith("inline")
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    # kept by one browser, which asks each time; by no proxy
    assert sorted(page.headers["Cache-Control"].split(", ")) == ["no-cache", "private"]


@pytest.mark.parametrize("upload", UPLOADS, ids=[upload["note"] for upload in UPLOADS])
def test_hostile_upload_never_runs(people, client_for, write_article, put, upload):
    data = upload["body"].encode()
    if not data:
        with pytest.raises(Invalid):
            put(write_article("a"), upload["name"], data)
        return
    stored = put(write_article("a"), upload["name"], data)
    page = client_for(people.ana).get(attachments.address(stored))
    kind = page.headers["Content-Type"].split(";")[0]
    assert kind in attachments.INLINE | attachments.DOWNLOADS
    assert page.headers["Content-Disposition"].startswith("inline") is (kind in attachments.INLINE)
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")


def test_file_with_any_name_can_be_fetched(people, client_for, write_article, put):
    article, client = write_article("a"), client_for(people.ana)
    for number, name in enumerate(NAMES):
        page = client.get(attachments.address(put(article, str(number), b"%PDF-", name=name)))
        disposition = page.headers["Content-Disposition"]
        assert disposition.startswith("attachment; filename")
        assert disposition.isascii()
        assert disposition.isprintable()


def test_stored_type_is_not_trusted(session, people, client_for, write_article, put):
    stored = put(write_article("a"), data=b"<script>")
    stored.media_type = "text/html"
    page = client_for(people.ana).get(attachments.address(stored))
    assert page.headers["Content-Type"] == "application/octet-stream"
    assert page.headers["Content-Disposition"].startswith("attachment")


def test_only_its_own_address_gives_a_file(session, people, client_for, write_article, put):
    stored = put(write_article("a"), "b c.png")
    client = client_for(people.ana)
    assert attachments.address(stored) == f"/attachments/{stored.id}/b%20c.png"
    for address in (
        f"/attachments/{stored.id}/other.png",
        f"/attachments/{stored.id + 1}/b%20c.png",
        f"/attachments/{2**31 - 1}/a.png",
        f"/attachments/{2**31}/a.png",
        f"/attachments/{10**30}/a.png",
        "/attachments/-1/a.png",
        f"/attachments/{stored.id}/{quote('../b c.png', safe='')}",
        f"/attachments/{stored.id}/",
    ):
        client.get(address, status=404)


def test_lost_bytes_are_not_found(settings, people, client_for, write_article, put):
    stored = put(write_article("a"))
    attachments.file_of(stored, settings.attachments_dir).unlink()
    client_for(people.ana).get(attachments.address(stored), status=404)
    with pytest.raises(NotFound):
        attachments.file_of(Attachment(sha256="0" * 64), settings.attachments_dir)
