"""The report as one HTML file: nothing to load, nothing to run, good on screen and on A4."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from synthetics import words
from synthetics.reports import charts, rules, story, strip
from synthetics.reports.model import Report

TEMPLATES = Path(__file__).parent / "templates"


def render(report: Report) -> str:
    """*report* as one self-contained document."""
    pages = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    pages.globals.update(words=words, story=story, rules=rules, strip=strip, charts=charts)
    # Our own style sheet, which holds nothing of the user's, goes in as it is.
    css = Markup((TEMPLATES / "report.css").read_text("utf-8"))  # noqa: S704
    return pages.get_template("report.html.j2").render(report=report, css=css)
