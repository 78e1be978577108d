"""Reading files; nothing here needs a database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.accounts import organisation
from portal.accounts.organisation import read_files
from tests.support.code import ROOT


@pytest.fixture
def read(tmp_path):
    def _read(content, name="people.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_files([path])

    return _read


def reasons(found):
    return [str(problem) for problem in found.problems]


# -- CSV ---------------------------------------------------------------------------------------------

LINES = ["email,name,title", "ana@x.test,Ana,Clerk", "ben@x.test,Ben,"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["without BOM", "with BOM"])
def test_the_usual_forms_of_a_table_are_read_alike(read, separator, end, mark):
    found = read(mark + end.join(LINES).replace(",", separator))
    assert reasons(found) == []
    assert [(row.kind, row.line, row.values) for row in found.rows] == [
        ("people", 2, {"email": "ana@x.test", "name": "Ana", "title": "Clerk"}),
        ("people", 3, {"email": "ben@x.test", "name": "Ben", "title": ""}),
    ]


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("slug,name,country,time_zone", "sites"),
        ("Slug,Name,Purpose", "teams"),
        ("Email,Name", "people"),
        ("name", "departments"),
    ],
)
def test_the_columns_tell_what_is_listed(read, header, kind):
    found = read(f"{header}\n{'x,' * header.count(',')}x\n")
    assert [row.kind for row in found.rows] == [kind]


def test_a_row_is_numbered_by_the_line_it_begins_on(read):
    found = read('email,name,title\n"a@x.test","two\nlines",""\n\nb@x.test,Ben\nc@x.test,Cas,\n')
    assert [(row.line, row.values["email"]) for row in found.rows] == [(2, "a@x.test"), (6, "c@x.test")]
    assert reasons(found) == ["people.csv, line 5: There are 2 values for 3 columns."]


def test_memberships_in_one_cell(read):
    found = read(
        "email,name,memberships\na@x.test,A,it:lead+author  payroll:agent\nb@x.test,B,\nc@x.test,C,it\n"
    )
    assert [row.values["memberships"] for row in found.rows] == [
        [("it", ["lead", "author"]), ("payroll", ["agent"])],
        [],
    ]
    assert reasons(found) == [
        "people.csv, line 4: memberships must look like it-service-desk:lead+author payroll:agent."
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"email,name\nana@x.test,J\xf6rg\n", "people.csv, line 2: It is not UTF-8. Save it as UTF-8"),
        ("email,name,shoe_size\n", "people.csv, line 1: There is no column 'shoe_size' for people."),
        ("email,name,name\n", "people.csv, line 1: A column stands there twice."),
        ('email,name\n"a@x.test,A\n', "people.csv: This is not a table"),
        ("", "people.csv, line 1: There are no columns."),
        ("\n\nemail,name\n", "people.csv, line 1: There are no columns."),
    ],
    ids=["encoding", "column", "twice", "quote", "empty", "late"],
)
def test_a_table_that_cannot_be_read_says_why(read, content, reason):
    found = read(content)
    assert [text[: len(reason)] for text in reasons(found)] == [reason]


# -- YAML --------------------------------------------------------------------------------------------


def test_values_stay_the_text_they_are(read):
    found = read(
        "sites:\n  - {slug: oslo, name: Oslo, country: NO, time_zone: Europe/Oslo}\n"
        "teams:\n  - slug: it\n    phone: 0113\n    name: 'null'\n    purpose: null\n    email: ~\n"
        "departments: [Design, {name: Sales}]\n",
        "x.yaml",
    )
    assert reasons(found) == []
    assert [row.values for row in found.rows] == [
        {"slug": "oslo", "name": "Oslo", "country": "NO", "time_zone": "Europe/Oslo"},
        {"slug": "it", "phone": "0113", "name": "null", "purpose": "", "email": ""},
        {"name": "Design"},
        {"name": "Sales"},
    ]


def test_each_row_that_is_wrong_is_named_with_its_line(read):
    found = read(
        "people:\n"
        "  - email: a@x.test\n"
        "    shoe: 43\n"
        "  - just text\n"
        "  - email: [a, b]\n"
        "  - email: good@x.test\n"
        "    memberships: [{team: it, roles: [lead]}]\n"
        "  - email: b@x.test\n"
        "    memberships: it\n"
        "  - email: c@x.test\n"
        "    memberships: [{team: it}]\n"
        "  - email: d@x.test\n"
        "    memberships: [{team: it, roles: []}]\n"
        "pets: []\n",
        "x.yml",
    )
    assert [row.values["email"] for row in found.rows] == ["good@x.test"]
    assert found.rows[0].values["memberships"] == [("it", ["lead"])]
    assert reasons(found) == [
        "x.yml, line 3: There is no column 'shoe' for people.",
        "x.yml, line 4: This is not a list of names and values.",
        "x.yml, line 5: email must be one value, not a list.",
        "x.yml, line 8: memberships must be a list, each with a team and a list of roles.",
        "x.yml, line 10: memberships must be a list, each with a team and a list of roles.",
        "x.yml, line 12: memberships must be a list, each with a team and a list of roles.",
        "x.yml, line 14: 'pets' is not a list named sites, departments, teams, people.",
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "x.yaml, line 1: There are no lists named"),
        ("- a\n- b\n", "x.yaml, line 1: There are no lists named"),
        ("people:\n  - email: 'a\n", "x.yaml, line 3: This is not YAML"),
        ("people:\n\t- a\n", "x.yaml, line 2: This is not YAML"),
        ("a: &a [x]\nb: *a\n", "x.yaml, line 2: References (*name) are not read."),
        ("people: !!python/object/apply:os.system ['true']\n", None),
        ("people: \x1b[2J\n", "x.yaml: This is not YAML"),
        ("[" * 50_000, "x.yaml: Lists stand in each other more than 10 deep."),
    ],
    ids=["empty", "list", "quote", "tab", "alias", "tag", "control", "deep"],
)
def test_a_text_that_cannot_be_read_says_why(read, content, reason):
    found = read(content, "x.yaml")
    if reason is None:  # a tag is text and nothing more
        assert [row.values for row in found.rows] == []
    assert len(found.problems) == 1
    assert reasons(found)[0].startswith(reason or "x.yaml")


@given(st.text(max_size=200))
def test_reading_is_total(text):
    for read_text in (organisation.read_yaml, organisation.read_csv):
        try:
            found = read_text(text, "x")
        except organisation._UnreadableError:
            continue
        assert all(row.kind in organisation.KINDS for row in found.rows)


# -- files -------------------------------------------------------------------------------------------


def test_files_that_are_no_files_of_ours(tmp_path, monkeypatch):
    (tmp_path / "people.xlsx").write_bytes(b"PK")
    (tmp_path / "large.csv").write_bytes(b"email,name\n" + b"x" * 100)
    monkeypatch.setattr(organisation, "LARGEST_FILE", 50)
    names = ["people.xlsx", "large.csv", "nowhere.yaml"]
    found = read_files([tmp_path / name for name in names])
    assert found.rows == []
    assert [problem.file for problem in found.problems] == names
    assert "must end in .yaml, .yml or .csv" in reasons(found)[0]
    assert "larger than" in reasons(found)[1]
    assert "cannot be read: No such file" in reasons(found)[2]


def test_the_sample_organisation_reads_without_a_problem():
    found = read_files([ROOT / "content" / "teams.yaml", ROOT / "content" / "people.yaml"])
    assert reasons(found) == []
    assert len(found.of("sites")) >= 3
    assert len(found.of("teams")) >= 8
    assert len(found.of("people")) >= 40
