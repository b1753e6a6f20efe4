# SPDX-License-Identifier: Apache-2.0
"""One process of a Node function: started, asked one thing at a time, and killed when it does not answer.

Answers come back on a pipe of their own, because a function may print anything. The child ends when its standard
input closes, so none outlives LocalStack, however that ends.
"""

import json
import os
import select
import subprocess
import tempfile
import time
from pathlib import Path

BOOTSTRAP = str(Path(__file__).parent.parent / "bootstrap.mjs")
CHUNK = 1 << 20


class Ended(Exception):
    """The process ended before it answered."""


class FunctionProcess:
    """A started process; `ask` is not for two threads at once."""

    def __init__(self, node: str, folder: str, environment: dict[str, str]) -> None:
        # Appending: the child shares the place in the file, which reading moves.
        self._log = tempfile.TemporaryFile("a+b")
        reading, writing = os.pipe()
        try:
            self._process = subprocess.Popen(
                [node, "--enable-source-maps", BOOTSTRAP, str(writing)],
                cwd=folder,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=self._log,
                stderr=self._log,
                pass_fds=[writing],
                # Ctrl-C is the launcher's business.
                start_new_session=True,
            )
        finally:
            os.close(writing)
        self._pipe, self._rest = reading, b""

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, question: dict, timeout: float) -> dict:
        """Sends one line, returns the answering one. Raises Ended, or TimeoutError after `timeout` seconds."""
        try:
            self._process.stdin.write(json.dumps(question).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise Ended from error
        return self.read(timeout)

    def read(self, timeout: float) -> dict:
        """The next line of the process; raises as `ask` does."""
        end = time.monotonic() + timeout
        while b"\n" not in self._rest:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._pipe], [], [], left)[0]:
                raise TimeoutError
            chunk = os.read(self._pipe, CHUNK)
            if not chunk:
                raise Ended
            self._rest += chunk
        line, self._rest = self._rest.split(b"\n", 1)
        return json.loads(line)

    def interrupt(self) -> None:
        """Ends a process that another thread may be waiting for; that one gets Ended and calls `end`."""
        self._process.kill()

    def end(self) -> None:
        """Kills it at once: a function's process has no duties beyond its invocation."""
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        os.close(self._pipe)
        self._log.close()

    def mark(self) -> int:
        """Where the log ends now; what it is later asked from."""
        return self._log.seek(0, os.SEEK_END)

    def log_since(self, mark: int) -> str:
        """What the function printed since a mark."""
        self._log.seek(mark)
        return self._log.read().decode(errors="replace")
