"""Pages for signing in, one's account, and teams."""

from flask import Blueprint

blueprint = Blueprint("accounts", __name__)
