"""How the web server runs: read by gunicorn as `-c python:portal.jobs.gunicorn_settings`.

Address and number of workers come on the command line. How large a request body may be is limited
by the application (`Settings.max_body_bytes`), which answers with a page.
"""

import signal
from typing import Any

from portal.jobs import tether

wsgi_app = "wsgi:app"
worker_class = "gthread"
threads = 4

timeout = 60
"""A worker whose loop does not turn for this long is replaced."""
graceful_timeout = 10
"""How long requests at hand may take once the server is told to stop."""
keepalive = 5

limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190

forwarded_allow_ips = ""
"""Nobody may set the scheme by a header; behind a proxy the application reads it (PORTAL_TRUSTED_PROXIES)."""
control_socket_disable = True

accesslog = None
loglevel = "warning"


def post_fork(_server: Any, worker: Any) -> None:
    """End a worker with its server, also when that was killed and could not stop it."""
    tether.tie(worker.ppid, with_signal=signal.SIGKILL)
