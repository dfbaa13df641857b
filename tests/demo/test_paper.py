"""The story is readable at 80 columns, and plain where nobody looks at colours."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from synthetics.demo.paper import Paper
from synthetics.reports.columns import width

AT = datetime(2026, 10, 1, 9, 30, 5, tzinfo=UTC)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_row_says_when_and_what_and_hangs_its_further_lines() -> None:
    out = io.StringIO()

    Paper(out).row(AT, "PAGE", "PagerDuty took it " + "after a while " * 6)

    first, second = out.getvalue().splitlines()
    assert first.startswith("09:30:05  PAGE      PagerDuty took it after")
    assert second.startswith(" " * 20 + "a")
    assert max(map(width, (first, second))) <= 80


def test_colours_are_for_terminals_that_want_them() -> None:
    written = {}
    for name, out, environ in (
        ("pipe", io.StringIO(), {}),
        ("terminal", Terminal(), {}),
        ("terminal without colour", Terminal(), {"NO_COLOR": "1"}),
    ):
        Paper(out, environ=environ).row(AT, "PAGE", "arrived", fg="red")
        written[name] = out.getvalue()

    assert written["pipe"] == written["terminal without colour"] == "09:30:05  PAGE      arrived\n"
    assert "\x1b[31m" in written["terminal"]


def test_a_card_shows_every_field_whole_within_the_columns() -> None:
    out = io.StringIO()
    fields = {
        "payload": {
            "summary": "本店 の注文が失敗しています " * 8,
            "custom_details": {"burn": 14.4},
        },
        "links": [{"href": "https://wiki.example/" + "x" * 100}],
        "empty": "",
    }

    Paper(out).card(fields)

    lines = out.getvalue().splitlines()
    assert max(map(width, lines)) <= 80
    assert "".join("".join(lines).replace("│", "").split()).count("本店の注文が失敗しています") == 8
    assert "burn  14.4" in out.getvalue()
    joined = "".join(line.strip(" │") for line in lines)
    assert "https://wiki.example/" + "x" * 100 in joined
