"""The WSGI entry point: `gunicorn wsgi:app`, and what the `flask` command finds."""

import config
from portal.app import create_app

app = create_app(config.from_env())
