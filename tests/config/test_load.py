"""What a file becomes: exact values, secrets that stay secret, one value for many files."""

from __future__ import annotations

import gc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from slo.policy import NoData, Tier
from slo.window import Calendar, Rolling
from synthetics.config.load import load
from synthetics.config.model import Combine, Config, Latency, Retries, Severity
from synthetics.config.problems import ConfigError, Problem, render
from synthetics.config.reach import Subject, matching
from tests.config.support import ENVIRON, SAMPLES

Load = Callable[..., Config]
HOME = (
    "services: {shop: {}}\nprobes:\n  home: {service: shop, http: {get: https://shop.example/}}\n"
)


@pytest.fixture
def read(tmp_path: Path) -> Load:
    """Loads a text as a file, with some variables of the environment."""

    def from_text(text: str, **environ: str) -> Config:
        file = tmp_path / "synthetics.yaml"
        file.write_text(text)
        return load(file, environ=environ)

    return from_text


def refused(read: Load, text: str, **environ: str) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as caught:
        read(text, **environ)
    return caught.value.problems


@pytest.fixture(scope="module")
def everything() -> Config:
    return load(SAMPLES / "good" / "everything.yaml", environ=ENVIRON)


def test_what_a_probe_says_goes_before_defaults(everything: Config) -> None:
    home, stock = everything.probes["home"], everything.probes["stock"]

    assert (home.every, home.timeout, home.confirm) == (
        timedelta(seconds=90),
        timedelta(seconds=1.5),
        None,
    )
    assert (stock.every, stock.timeout) == (timedelta(seconds=30), timedelta(seconds=5))
    assert stock.confirm is not None
    assert (stock.confirm.attempts, stock.confirm.after) == (1, timedelta(seconds=2))
    assert home.labels == {"team": "本店", "tier": "1"}
    assert home.options.get.render() == "https://shop.example/?q=${plain}"


def test_what_an_slo_says_goes_before_the_top(everything: Config) -> None:
    up, fast = everything.slos["up"], everything.slos["fast"]

    assert up.objective == Fraction(999, 1000)
    assert up.window == Calendar("month", ZoneInfo("Asia/Tokyo"))
    assert up.accounting.valid_for == timedelta(minutes=5)
    assert (up.accounting.retries, fast.accounting.retries) == (Retries.LAST, Retries.FIRST)
    assert up.tiers == (
        Tier(
            name="fast",
            severity="page",
            long_ms=3_600_000,
            short_ms=300_000,
            factor=Fraction("14.4"),
            min_bad=3,
        ),
    )
    assert fast.tiers == ()
    assert fast.objective == 1
    assert fast.sli == Latency(bound_us=500_000, inclusive=True)


def test_the_rest_is_read_too(everything: Config) -> None:
    assert everything.location == "本店"
    assert everything.retention_raw == timedelta(days=90)
    assert everything.in_flight == 500
    assert [str(network) for network in everything.denied[-2:]] == ["10.0.0.0/8", "fd00::/8"]
    assert [str(network) for network in everything.allowed] == ["10.1.2.3/32"]
    assert everything.maintenance[0].end == datetime(2026, 10, 31, 18, 0, 30, 500_000, tzinfo=UTC)

    def taken(slo: str, service: str) -> list[tuple[str, ...]]:
        about = Subject(service=service, slo=slo, tier="drift", severity=Severity.TICKET)
        return [route.to for route in matching(everything, about)]

    assert taken("home-up", "shop") == [("team",)]
    assert taken("stock-up", "stock") == []
    assert everything.public_url == "https://synthetics.example"


def test_link_local_and_metadata_addresses_are_always_denied(read: Load) -> None:
    config = read(HOME + "network: {deny: [10.0.0.0/8]}\n")

    assert "169.254.0.0/16" in map(str, config.denied)


def test_an_own_tier_is_taken_exactly_as_written() -> None:
    slo = load(SAMPLES / "good" / "exact.yaml", environ={}).slos["up"]

    assert slo.objective == Fraction(9995, 10_000)
    assert slo.no_data is NoData.RESOLVE
    assert [(tier.short_ms, tier.factor, tier.min_bad) for tier in slo.tiers] == [
        (60_000, Fraction(72, 5), 3),
        (21_600_000, Fraction(1), 3),
    ]


def test_default_tiers_stretch_their_short_window_to_three_intervals(read: Load) -> None:
    config = read(
        HOME.replace("shop, ", "shop, every: 3m, ")
        + "slos: {up: {service: shop, probes: [home], objective: 99.9%, window: 30d}}\n"
    )

    assert config.slos["up"].window == Rolling(30 * 86_400_000)
    assert [tier.short_ms // 60_000 for tier in config.slos["up"].tiers] == [9, 30, 120, 360]


def test_a_secret_is_looked_up_hidden_and_masked(read: Load, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("0123456789abcdef0123456789abcdef\r\n")

    config = read(
        "receivers:\n"
        '  oncall: {pagerduty: {routing_key: "${file:key}"}}\n'
        '  team: {webhook: {url: "https://hooks.example/${env:TOKEN}"}}\n'
        "  other: {webhook: {url: https://hooks.example/written-out}}\n",
        TOKEN="hunter22",
    )

    options = config.receivers["oncall"].options
    assert options.routing_key.reveal() == "0123456789abcdef0123456789abcdef"
    assert "0123456789abcdef" not in repr(config)
    assert config.mask("0123456789abcdef0123456789abcdef and hunter22") == "*** and ***"
    assert config.mask("to https://hooks.example/written-out") == "to ***"


def test_bytes_in_the_environment_that_are_no_text_are_refused(read: Load) -> None:
    """No protocol could send them: they raised when the probe was asked."""
    [problem] = refused(
        read, "services: {shop: {owner: 'team ${env:TEAM}'}}\n", TEAM="\udcff\udcfeabc"
    )

    assert problem.what == "what the environment has as `TEAM` is not UTF-8 text"


def test_what_is_shown_anyway_is_no_secret(read: Load) -> None:
    config = read('services: {shop: {owner: "team ${env:TEAM}"}}\n', TEAM="a1")

    assert config.services["shop"].owner == "team a1"
    assert config.mask("team a1") == "team a1"


@pytest.mark.parametrize(
    "line",
    [
        "team: {webhook: {url: https://hooks.example/x, secret: hunter22, hedaers: {}}}",
        "team: {webhook: {hedaers: {}, url: hunter22}}",
        'team: {webhook: {secret: "hunter22" , url: 5, hedaers: {}}}',
        "team: {webhook: {headers: {X-Key: hunter22}, hedaers: {}}}",
        "team: {webhook: {url: hunter22}, hedaers: {}}",
    ],
)
def test_a_secret_written_out_is_in_no_line_that_an_error_shows(read: Load, line: str) -> None:
    problems = refused(read, f"receivers:\n  {line}\n")
    message = render(problems)

    assert "hunter22" not in message
    assert "***" in message
    for problem in problems:
        assert problem.source_line is not None
        if "hedaers" in problem.what:
            shown = problem.source_line[problem.shown_column - 1 :]
            assert shown[: problem.width] == "hedaers"


def test_a_value_under_a_telling_name_is_not_shown_either(read: Load) -> None:
    (problem,) = refused(
        read,
        HOME.replace("/}}", "/, headers: {Authorization: Bearer hunter22, Accept: a}, expct: {}}}"),
    )

    assert problem.mend == "did you mean `expect`?"
    assert problem.source_line is not None
    assert "hunter22" not in problem.source_line
    assert "Accept: a" in problem.source_line


def test_a_secret_in_pem_hides_every_line_of_it(read: Load) -> None:
    problems = refused(
        read,
        HOME.replace(
            "{service: shop, http: {get: https://shop.example/}}",
            "\n    service: shop\n    http:\n      get: https://shop.example/\n      tls:\n"
            "        key: |\n          hunter22\n        certificate: 5\n",
        ),
    )

    assert "hunter22" not in render(problems)


def test_every_problem_is_there_in_file_order(read: Load) -> None:
    problems = refused(
        read,
        "location: 5\nservices: {shop: {x: 1}}\ndefaults: {every: 5}\nlimits: {in_flight: 0}\n",
    )

    assert [problem.line for problem in problems] == [1, 2, 3, 4]
    assert render(problems).endswith("\n4 problems found; nothing was started.\n")


def test_carets_stand_below_wide_characters(read: Load) -> None:
    message = render(refused(read, "services: {shop: {name: 本店, owner: 5}}\n"))

    line, carets = message.splitlines()[1:3]
    assert line.index("5") + 2 == carets.index("^")


def test_a_long_line_is_cut_around_the_place(read: Load) -> None:
    names = ", ".join(f"s{i}: {{}}" for i in range(100))
    (problem,) = refused(
        read, f"services: {{{names}, shop: {{x: 1}}, {names.replace('s', 't')}}}\n"
    )

    assert problem.source_line is not None
    assert len(problem.source_line) == 68
    assert problem.source_line[problem.shown_column - 1] == "x"
    assert problem.column > 68


def test_no_control_character_of_a_file_reaches_the_terminal(read: Load) -> None:
    assert "\x1b" not in render(refused(read, 'services: {shop: {x: "\x85\u200b", y: \x1b[2J}}\n'))


def test_one_file_with_a_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + HOME.replace("\n", "\r\n").encode())

    assert load(file, environ={}).probes.keys() == {"home"}


def test_a_directory_is_one_configuration() -> None:
    config = load(SAMPLES / "good" / "directory", environ={})

    assert config.probes.keys() == {"home", "stock"}
    assert [route.severity for route in config.routes] == [Severity.PAGE, Severity.TICKET]
    assert [source.name for source in config.sources] == ["shop.yaml", "stock.yml"]


def test_mistakes_in_several_files_are_named_together(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("services: {shop: {x: 1}}\n")
    (tmp_path / "b.yaml").write_text("probes: [\n")
    (tmp_path / "c.yaml").write_text("defaults: {every: 5}\n")

    with pytest.raises(ConfigError) as caught:
        load(tmp_path, environ={})

    assert [Path(problem.file).name for problem in caught.value.problems] == [
        "a.yaml",
        "b.yaml",
        "c.yaml",
    ]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "absent.yaml", environ={})

    (problem,) = caught.value.problems
    assert problem.line == 0
    assert str(problem).endswith("absent.yaml: cannot be read: no such file or directory")
    assert problem.mend == "name the file with --config"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xff\xfe", "it is not UTF-8 text"),
        (b"x" * (1024 * 1024 + 1), "is larger than 1 MiB"),
        (b"abc\n", "has 3 characters"),
    ],
    ids=["not text", "too large", "too short"],
)
def test_a_secret_file_that_cannot_be_one_is_refused(
    read: Load, tmp_path: Path, content: bytes, why: str
) -> None:
    (tmp_path / "secret").write_bytes(content)

    (problem,) = refused(read, 'receivers: {team: {webhook: {url: "${file:secret}"}}}\n')

    assert why in problem.what


def test_repeated_mistakes_of_an_anchor_are_named_once(read: Load) -> None:
    problems = refused(read, "services:\n  a: &a {x: 1}\n  b: *a\n  c: *a\n  d: {}\n")

    assert [(problem.line, problem.path) for problem in problems] == [(2, "services.a.x")]


def test_the_garbage_collector_goes_on_after_loading_and_after_an_error(read: Load) -> None:
    read(HOME)
    assert gc.isenabled()

    refused(read, "probes: {shop: {http: [")
    assert gc.isenabled()


def test_probes_are_selected_by_all_of_the_labels() -> None:
    slos = load(SAMPLES / "good" / "labels.yaml", environ=ENVIRON).slos

    assert slos["critical"].probes == ("home", "cart")
    assert slos["web"].probes == ("home",)


def test_how_probes_and_locations_come_together_is_said_at_the_top_or_by_an_slo() -> None:
    slos = load(SAMPLES / "good" / "rounds.yaml", environ=ENVIRON).slos

    said = {name: (slo.accounting.combine, slo.accounting.bad_if) for name, slo in slos.items()}

    assert said == {
        "both": (Combine.ALL, None),
        "mostly": (Combine.POOL, 2),
        "pooled": (Combine.POOL, None),
    }


def test_a_fiscal_year_begins_in_the_month_that_is_written() -> None:
    slos = load(SAMPLES / "good" / "windows.yaml", environ=ENVIRON).slos

    assert slos["fiscal"].window == Calendar("fiscal-year", ZoneInfo("Asia/Tokyo"), 4)
    assert slos["quarter"].window == Calendar("quarter", ZoneInfo("UTC"), 2)
    assert slos["plain-half"].window == Calendar("half-year", ZoneInfo("UTC"))


def test_incidents_may_neither_come_back_nor_stay_open(read: Load) -> None:
    never = read(
        "services: {shop: {}}\nincidents: {reopen_within: 0s, flapping: {keep_open_for: 0s}}\n"
    ).incidents

    assert (never.reopen_within, never.flapping.keep_open_for) == (timedelta(), timedelta())


def test_days_and_times_may_be_written_with_a_dash_and_in_capitals(read: Load) -> None:
    config = read((SAMPLES / "good" / "hours.yaml").read_text())

    written, named = config.probes["home"].only, config.hours["shop"]
    assert written is not None
    assert written.hours.weekly == dict.fromkeys(range(5), ((480, 1200),))
    assert named.weekly[0] == ((480, 1200),)
    assert named.weekly[5] == ((600, 720), (780, 1080))
    assert named.weekly[6] == ((1320, 1800),)
