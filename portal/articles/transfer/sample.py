"""The sample organisation in `content/`: its places, teams, people, topics and articles."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
import yaml
from sqlalchemy.orm import Session

from portal.accounts import importing as accounts_importing
from portal.accounts import organisation
from portal.accounts.models import Person, Team
from portal.articles.transfer import topics
from portal.errors import Invalid, NotAllowed
from portal.settings import Settings

SOURCE: Final = "sample"
ORGANISATION_FILES: Final = ("teams.yaml", "people.yaml")
ARTICLES: Final = "articles"


@dataclass(slots=True)
class Loaded:
    """What `load_organisation` did. `refused` says why nothing was done; empty when something may be."""

    refused: str = ""
    people: int = 0
    topics: int = 0
    problems: list[str] = field(default_factory=list)


def load_organisation(session: Session, content: Path, *, settings: Settings) -> Loaded:
    """Load places, teams, people and topics of the sample organisation into a database without one.

    When it is there already, only topics that are missing are added: what somebody changed stays.
    Raises NotAllowed in production, Invalid when `content` does not hold a sample organisation.
    """
    if settings.production:
        raise NotAllowed("The sample organisation is for trying the portal out, not for production.")
    described = _yaml(content / "organisation.yaml")
    if not isinstance(described, dict) or described.get("sample") is not True:
        raise Invalid(f"{content} does not hold the sample organisation.")
    loaded = Loaded()
    present = session.scalar(sa.select(Person.id).where(Person.sample).limit(1)) is not None
    if not present:
        if session.scalar(sa.select(Team.id).limit(1)) is not None:
            loaded.refused = "This database has an organisation of its own: the sample is not mixed into it."
            return loaded
        files = organisation.read_files(content / name for name in ORGANISATION_FILES)
        report = accounts_importing.import_organisation(session, files, sample=True, settings=settings)
        loaded.people = sum(line.startswith("person ") for line in report.created)
        loaded.problems = [str(problem) for problem in report.problems]
    tree = _yaml(content / "topics.yaml")
    loaded.topics = len(
        topics.load_topics(session, tree.get("topics") or [] if isinstance(tree, dict) else [])
    )
    return loaded


def _yaml(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise Invalid(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
