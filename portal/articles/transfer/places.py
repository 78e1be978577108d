"""Where an imported page belongs and whose it is, as far as that exists here."""

from typing import Final

from sqlalchemy.orm import Session

from portal.accounts import audiences
from portal.articles.transfer import topics
from portal.articles.transfer.fields import Fields
from portal.articles.transfer.frontmatter import FileProblem, Head
from portal.articles.transfer.known import Database, Place
from portal.articles.transfer.report import Report
from portal.errors import Invalid

DEFAULT_INTERVAL: Final = 180


class Places:
    """Finds topic, team, owner and audience of pages; collects the topics that are missing.

    `under` is the topic below which folders become topics, `team` the slug of the team that owns
    pages which name none; empty: the top, and a team named after the import.
    """

    def __init__(self, session: Session, database: Database, under: str, team: str, report: Report) -> None:
        self.missing: dict[str, str] = {}
        """Path -> name of topics to make, outer ones first."""
        self.titles: dict[str | None, list[str]] = {}
        """Folder as a path of topics -> titles of the pages that stand for it."""
        self._session = session
        self._database = database
        self._under = under
        self._default_team = team
        self._report = report

    def give(self, path: str, head: Head, found: Fields) -> tuple[Place, dict[str, list[str]]]:
        """The place of the page at `path`, and its audience as rules.

        Raises FileProblem for a topic, team or audience that cannot be: a page for some must not be
        shown to all.
        """
        try:
            rules = audiences.checked_rules(self._session, found.audience) if found.audience else {}
        except Invalid as error:
            raise FileProblem(head.line("audience"), str(error)) from None
        team = self._team(path, head, found)
        topic = self._topic(path, head, found)
        owner = found.owner if found.owner in self._database.owners else ""
        if found.owner and not owner:
            self._report.note("owner", path, head.line("owner"), found.owner)
        interval = found.review_days or self._database.topics.get(topic, DEFAULT_INTERVAL)
        return Place(topic, team, owner, audiences.canonical(rules), interval), rules

    def _topic(self, path: str, head: Head, found: Fields) -> str:
        """The topic that the page names, or that of its folder; missing ones are noted to be made."""
        wanted = found.topic or topics.of_folder(path, under=self._under, source=self._report.source)
        topic = topics.checked_path(wanted)
        if topic is None:
            line = head.line("topic")
            raise FileProblem(line, f"{wanted!r} cannot be the path of a topic, such as it/accounts.")
        for outer in topics.with_outer(topic):
            if outer not in self._database.topics and outer not in self.missing:
                folder = outer.removeprefix(f"{self._under}/") if self._under else outer
                name = topics.name_of(outer, () if found.topic else self.titles.get(folder, ()))
                self.missing[outer] = name
                self._report.note("topic", outer, 0, name)
        return topic

    def _team(self, path: str, head: Head, found: Fields) -> str:
        if found.team in self._database.teams:
            return found.team
        if found.team:
            if found.own and not self._default_team:
                line = head.line("team")
                raise FileProblem(line, f"There is no team {found.team!r}: make it, or name one with --team.")
            self._report.note("team", path, head.line("team"), found.team)
        if self._default_team:
            return self._default_team
        made = topics.checked_path(self._report.source) or "import"
        if made not in self._database.teams:
            self._report.team_made = made
        return made
