"""Ties a program's life to that of the process that started it: no orphans, whatever happens.

The supervisor starts each of its programs as `python -m portal.jobs.tether PID MODULE ARGUMENTS…`.
When the supervisor goes away, even by kill -9, the kernel (on Linux) or a watching thread
(elsewhere) tells the program to stop.
"""

import ctypes
import os
import runpy
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
LOOK_EVERY = 1.0


def tie(parent: int, *, with_signal: signal.Signals = signal.SIGTERM) -> None:
    """Send `with_signal` to this process when its parent, process `parent`, ends.

    Ends this process at once when that has happened already.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(with_signal), 0, 0, 0)
    else:
        threading.Thread(target=_watch, args=(parent, with_signal), daemon=True).start()
    if os.getppid() != parent:
        # It ended between the fork and the line above: the kernel will not tell us any more.
        sys.exit(1)


def _watch(parent: int, with_signal: signal.Signals) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY)
    os.kill(os.getpid(), with_signal)


def main() -> None:
    """Tie this process, then become the module named on the command line."""
    parent, module = int(sys.argv[1]), sys.argv[2]
    tie(parent)
    sys.argv = [module, *sys.argv[3:]]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
