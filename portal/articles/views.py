"""Pages."""

from flask import Blueprint

blueprint = Blueprint("articles", __name__)
