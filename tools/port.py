"""Says in one line when an address cannot be served: `python tools/port.py HOST PORT`."""

import errno
import socket
import sys

REASONS = {
    errno.EADDRINUSE: "is taken by another program: stop that, or choose another with make run PORT=8001",
    errno.EACCES: "may not be opened by you: choose one above 1023 with make run PORT=8001",
    errno.EADDRNOTAVAIL: "is not an address of this machine: choose another with make run HOST=127.0.0.1",
}


def problem(host: str, port: str) -> str | None:
    """Why `host:port` cannot be listened on, or None."""
    if not port.isdecimal() or not 0 < int(port) < 65536:
        return f"portal: PORT={port} is no port: use a number from 1 to 65535."
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except socket.gaierror:
        return f"portal: HOST={host} is not the name of an address: use an address of this machine."
    except OSError as error:
        return f"portal: {host}:{port} {REASONS.get(error.errno or 0, f'cannot be used: {error.strerror}')}."
    return None


if __name__ == "__main__":
    sys.exit(problem(sys.argv[1], sys.argv[2]))
