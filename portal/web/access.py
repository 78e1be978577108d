"""Who may call which endpoint: the one list. An endpoint that is not on it does not start.

`create_app` compares this list with the URL map in both directions, so forgetting fails closed.
PUBLIC needs no sign-in; SIGNED_IN needs any active person; every other word is a permission of
`portal.accounts.permissions`, checked for "in any team" here and for the very object in services.
"""

from typing import Final

PUBLIC: Final = "public"
SIGNED_IN: Final = "signed-in"

ACCESS: Final[dict[str, str]] = {
    # public: what a browser needs before anybody is known
    "static": PUBLIC,
    "web.asset": PUBLIC,
    "web.health": PUBLIC,
    "web.robots": PUBLIC,
    "web.favicon": PUBLIC,
    "web.theme": PUBLIC,
    "accounts.sign_in": PUBLIC,
    # everybody
    "web.help_page": SIGNED_IN,
    "web.privacy": SIGNED_IN,
    "accounts.sign_out": SIGNED_IN,
    "accounts.account": SIGNED_IN,
    "accounts.change_password": SIGNED_IN,
    "accounts.end_sign_ins": SIGNED_IN,
    "accounts.teams": SIGNED_IN,
    "accounts.team": SIGNED_IN,
    "search.home": SIGNED_IN,
    "search.results": SIGNED_IN,
    "search.suggest": SIGNED_IN,
    "search.not_found": SIGNED_IN,
    "articles.show": SIGNED_IN,
    "articles.topics": SIGNED_IN,
    "articles.topic": SIGNED_IN,
    "articles.attachment": SIGNED_IN,
    # authors, for the articles of their teams
    "writing.workbench": "write",
    "writing.create": "write",
    "writing.edit": "write",
    "writing.preview": "write",
    "writing.history": "write",
    "writing.revision": "write",
    "writing.diff": "write",
    "writing.restore": "write",
    "writing.address": "publish",
    "writing.publish": "publish",
    "writing.confirm": "publish",
    "writing.archive": "archive",
    "writing.unarchive": "archive",
    # admins
    "search_admin.overview": "admin",
    "search_admin.rules": "admin",
    "search_admin.add": "admin",
    "search_admin.change": "admin",
    "search_admin.remove": "admin",
    "search_admin.changes": "admin",
    "search_admin.undo": "admin",
    "search_admin.golden": "admin",
    "search_admin.golden_add": "admin",
    "search_admin.golden_run": "admin",
    "search_admin.golden_remove": "admin",
    "search_admin.golden_seen": "admin",
    "search_admin.questions": "admin",
    "search_admin.explain": "admin",
}
