"""What makes a page easy to find and to use, checked while it is written. Advice, never a bar."""

import re
from dataclasses import dataclass
from typing import Final

from portal.articles.drafts import Draft, one_line

GOOD_TITLE: Final = 60
_STEP: Final = re.compile(r"^ {0,3}\d{1,3}[.)][ \t]+\S", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Check:
    """One piece of advice: its name, whether the draft follows it, and what to do if not."""

    name: str
    label: str
    done: bool
    advice: str


def checks(draft: Draft) -> list[Check]:
    """The checklist for `draft` as it is typed, saved or not."""
    title = one_line(draft.title)
    length = f"it has {len(title)}" if title else "it is empty"
    return [
        Check(
            "title",
            f"The title is short, at most {GOOD_TITLE} characters",
            0 < len(title) <= GOOD_TITLE,
            f"Name the task in at most {GOOD_TITLE} characters; {length}.",
        ),
        Check(
            "answer",
            "The answer stands in one line",
            bool(one_line(draft.answer)),
            "Say in one line what to do. Search results show it.",
        ),
        Check(
            "steps",
            "The way to do it is in numbered steps",
            _STEP.search(draft.body) is not None,
            "Number what to do, one action in each step.",
        ),
        Check(
            "questions",
            "It names the questions it answers",
            any(map(one_line, draft.questions)),
            "Write down how colleagues ask for this, in their words.",
        ),
        Check(
            "owner",
            "Somebody looks after it",
            draft.owner_id is not None,
            "Choose a person who checks this page from time to time.",
        ),
    ]
