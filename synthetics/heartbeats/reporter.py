"""Reports of a job, sent beside it: tried for a while, and then given up."""

from __future__ import annotations

import sys
import threading
import urllib.error
import urllib.request

TRY_S = 5.0
PAUSES_S = (0.5, 2.0)
"""Between attempts, so there is one more of them."""

END_S = 20.0
"""Nobody waits longer for the reports once the job has ended."""

TOO_MANY = 429


class Reporter:
    """
    Sends the start and the end of one run.

    Args:
        url: Where to, up to and including the UUID or slug; empty to report nowhere.
        rid: Which run it is.
        quiet: Say nothing on standard error.
    """

    def __init__(self, url: str, *, rid: str, quiet: bool) -> None:
        self._url = url.rstrip("/")
        self._rid = rid
        self._quiet = quiet
        self._ended = threading.Event()
        self._last = ("", b"")
        self._thread = threading.Thread(target=self._work, name="reports", daemon=True)

    def start(self) -> None:
        """Report that it starts; returns at once."""
        if self._url:
            self._thread.start()
        else:
            self._say("nowhere to report to: set SYNTHETICS_PING_URL, or --url")

    def end(self, code: int, body: bytes) -> None:
        """Report how it ended; returns when that is done or given up."""
        if not self._url:
            return
        self._last = (str(code if 0 <= code <= 255 else 255), body)
        self._ended.set()
        self._thread.join(END_S)
        if self._thread.is_alive():
            self._say(f"no answer to the report within {END_S:g} s")

    def _work(self) -> None:
        self._send("start", b"", until_ended=True)
        self._ended.wait()
        problem = self._send(*self._last)
        if problem:
            self._say(f"the report was not taken: {problem}")

    def _send(self, said: str, body: bytes, *, until_ended: bool = False) -> str:
        """Why it did not arrive; empty if it did.  It may give up when the job has ended."""
        problem = ""
        for pause_s in (*PAUSES_S, None):
            problem, hopeless = self._try(said, body)
            if not problem or hopeless or pause_s is None:
                break
            if until_ended:
                if self._ended.wait(pause_s):
                    break
            else:
                threading.Event().wait(pause_s)
        return problem

    def _try(self, said: str, body: bytes) -> tuple[str, bool]:
        """What went wrong, without the address, and whether it would again."""
        try:
            request = urllib.request.Request(  # noqa: S310 - the address is the user's own
                f"{self._url}/{said}?rid={self._rid}",
                data=body,
                method="POST",
                headers={"User-Agent": "synthetics", "Content-Type": "text/plain"},
            )
            with urllib.request.urlopen(request, timeout=TRY_S):  # noqa: S310 - as above
                return "", False
        except urllib.error.HTTPError as error:
            error.close()
            return f"answered {error.code}", error.code < 500 and error.code != TOO_MANY
        except urllib.error.URLError as error:
            reason = error.reason
            return getattr(reason, "strerror", "") or type(reason).__name__, False
        except ValueError:
            return "the address is not a URL", True
        except Exception as error:  # noqa: BLE001 - whatever it is, the job goes on
            return type(error).__name__, False

    def _say(self, what: str) -> None:
        if not self._quiet:
            sys.stderr.write(f"synthetics exec: {what}\n")
            sys.stderr.flush()
