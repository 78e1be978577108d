"""Commands that answer as somebody say nothing that this person may not come across."""

import json

import pytest

from tests.support import canaries
from tests.support.canaries import SEEN_BY, came_across, word

QUESTIONS = ("About lantern", "pay lanterm", '"lantern about"', "what is vexbritishquestio")


@pytest.fixture
def secrets(session, people, settings, flask_command):
    canaries.plant(session, settings.attachments_dir)
    flask_command("index", "sync")


@pytest.mark.parametrize("person", ["ana", "otto", "ada"])
@pytest.mark.parametrize("command", ["ask", "explain"])
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_command_tells_what_the_person_sees_and_no_more(secrets, flask_command, person, command, form):
    seen = set()
    for question in QUESTIONS:
        answer = flask_command("search", command, question, "--as", f"{person}@portal.test", *form)
        found = came_across(question, answer.output)
        seen |= {name for name, _ in found}
        assert [word(*one) for one in found if person not in SEEN_BY[one[0]]] == []
        if form:
            json.loads(answer.output)
    assert seen
