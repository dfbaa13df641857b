"""Heartbeats: what a job says, and what it does not, is a sample for each time it was due."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from probes.heartbeat import Options, follow
from probes.heartbeat_parts.facts import Ping, State, Word
from probes.heartbeat_parts.follower import Follower
from probes.heartbeat_parts.verdict import Verdict

UUID = "6f1d1b6e-9d38-4b57-a9f6-0c6f2f6a0f11"
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
START = round(datetime(2026, 11, 23, tzinfo=UTC).timestamp()) * 1000
"""A midnight in UTC."""

ADAPTER: TypeAdapter[Options] = TypeAdapter(Options)


def options(**written: Any) -> Options:
    return ADAPTER.validate_python({"uuid": UUID, **written})


def nightly(**written: Any) -> Options:
    """Due at three, to be done by four."""
    return options(**{"cron": "0 3 * * *", "grace": "1h", **written})


def at(clock: str, day: int = 0) -> int:
    """A time of day, as milliseconds."""
    hours, minutes = clock.split(":")
    return START + day * DAY + int(hours) * HOUR + int(minutes) * MINUTE


class Job:
    """A job, what it says, and what that came to; later verdicts replace earlier ones."""

    def __init__(self, options: Options, since_ms: int = START) -> None:
        self.follower: Follower = follow(options, state=None, since_ms=since_ms)
        self.samples: dict[int, Verdict] = {}

    def says(
        self, at_ms: int, word: str = "success", rid: str = "", code: int | None = None
    ) -> Job:
        ping = Ping(at_ms=at_ms, word=Word(word), rid=rid, exit_code=code, body="no space left")
        return self._take(self.follower.hear(ping))

    def until(self, at_ms: int) -> Job:
        return self._take(self.follower.advance(at_ms))

    def deaf(self, from_ms: int, to_ms: int) -> Job:
        self.follower.deaf(from_ms, to_ms)
        return self

    def _take(self, found: list[Verdict]) -> Job:
        self.samples |= {one.due_ms: one for one in found}
        return self

    @property
    def reasons(self) -> list[str]:
        """Of each due time in order; empty for a good one."""
        return [self.samples[due].result.reason for due in sorted(self.samples)]

    def only(self) -> Verdict:
        [one] = self.samples.values()
        return one


def test_a_run_that_ends_in_time_is_good_and_filed_under_when_it_was_due() -> None:
    job = Job(nightly()).says(at("3:01"), "start").says(at("3:31"))

    one = job.only()
    assert (one.due_ms, one.result.outcome, one.confirmed, one.attempts) == (
        at("3:00"), "good", "good", 1,
    )  # fmt: skip
    assert one.result.duration_s == 1800


def test_each_step_has_its_own_time() -> None:
    job = Job(nightly()).says(at("2:59"), "queued").says(at("3:05"), "start").says(at("3:25"))

    assert {step.name: step.duration_s for step in job.only().result.steps} == {
        "wait": 360, "start": 300, "run": 1200, "finish": 1500,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("written", "said", "reason", "step"),
    [
        pytest.param({}, [], "missing", "finish", id="nothing came"),
        pytest.param({}, [("3:00", "start")], "unfinished", "finish", id="it never ended"),
        pytest.param({}, [("4:01", "success")], "late", "finish", id="it came too late"),
        pytest.param({}, [("3:10", "fail")], "job-failed", "run", id="it failed"),
        pytest.param(
            {"start_within": "5m"}, [("3:06", "start"), ("3:10", "success")],
            "late-start", "start", id="it started too late",
        ),
        pytest.param(
            {"run": {"at_least": "5m"}}, [("3:00", "start"), ("3:04", "success")],
            "too-short", "run", id="it did not do its work",
        ),
        pytest.param(
            {"run": {"at_most": "5m"}}, [("3:00", "start"), ("3:06", "success")],
            "too-long", "run", id="it took too long",
        ),
    ],
)  # fmt: skip
def test_what_can_be_wrong_has_a_reason_and_a_step(
    written: dict[str, Any], said: list[tuple[str, str]], reason: str, step: str
) -> None:
    job = Job(nightly(**written))
    for clock, word in said:
        job.says(at(clock), word)
    result = job.until(at("23:00")).only().result

    assert (result.outcome, result.reason, result.failed_step) == ("bad", reason, step)
    assert [each.reason for each in result.steps if each.name == step] == [reason]


def test_one_that_hangs_is_bad_before_it_ends() -> None:
    job = Job(nightly(run={"at_most": "10m"})).says(at("3:00"), "start").until(at("3:10"))

    assert job.only().result.reason == "too-long"


def test_one_that_has_not_started_is_bad_before_its_deadline() -> None:
    job = Job(nightly(start_within="5m")).until(at("3:05"))
    assert job.reasons == ["not-started"]

    assert job.until(at("4:00")).reasons == ["missing"]


def test_the_last_moment_is_in_time() -> None:
    assert Job(nightly()).says(at("4:00")).until(at("9:00")).reasons == [""]
    assert Job(nightly()).says(at("4:00") + 1).until(at("9:00")).reasons == ["late"]


def test_a_failure_that_was_done_again_stays_bad_and_is_not_confirmed() -> None:
    job = Job(nightly()).says(at("3:10"), "fail", code=3).says(at("3:20"), "start").says(at("3:40"))

    one = job.only()
    assert (one.result.reason, one.confirmed, one.attempts) == ("job-failed", "good", 2)
    assert one.result.evidence is not None
    assert "no space left" in one.result.evidence.body


def test_a_failure_is_repaired_by_hand_in_the_afternoon() -> None:
    job = Job(nightly()).says(at("3:10"), "fail").says(at("15:00"), "start").says(at("15:20"))

    assert (job.only().result.reason, job.only().confirmed) == ("job-failed", "good")


def test_a_further_run_in_the_afternoon_does_no_harm() -> None:
    job = Job(nightly(start_within="5m")).says(at("3:01")).says(at("15:00"), "start")

    assert job.says(at("15:20")).reasons == [""]


def test_runs_that_overlap_are_each_timed() -> None:
    job = Job(nightly(run={"at_most": "30m"}))
    job.says(at("3:00"), "start", "a").says(at("3:05"), "start", "b")
    job.says(at("3:20"), rid="b")
    assert job.only().result.duration_s == 15 * 60

    assert job.until(at("3:31")).reasons == ["too-long"]


def test_a_start_without_a_name_takes_the_place_of_the_one_before() -> None:
    job = Job(nightly()).says(at("3:00"), "start").says(at("3:10"), "start").says(at("3:15"))

    assert job.only().result.duration_s == 300


def test_a_job_may_be_a_little_early() -> None:
    assert Job(nightly()).says(at("2:59") + 1).until(at("9:00")).reasons == [""]
    assert Job(nightly()).says(at("2:58")).until(at("9:00")).reasons == ["missing"]


def test_a_log_changes_nothing() -> None:
    assert Job(nightly()).says(at("3:10"), "log").until(at("4:00")).reasons == ["missing"]


def test_an_interval_is_counted_from_when_it_last_began() -> None:
    job = Job(options(every="1h", grace="10m")).says(START + 5 * MINUTE)
    job.says(START + 66 * MINUTE).until(START + 136 * MINUTE - 1)
    assert job.reasons == ["", ""]

    job.until(START + 136 * MINUTE)
    assert (job.reasons, max(job.samples)) == (["", "", "missing"], START + 126 * MINUTE)


def test_one_that_stays_away_is_bad_once_an_interval() -> None:
    job = Job(options(every="1h", grace="10m")).until(START + 10 * HOUR)

    assert job.reasons == ["missing"] * 9


def test_one_that_comes_too_often_gives_no_more_than_two_samples_an_interval() -> None:
    job = Job(options(every="1h", grace="10m"))
    for minute in range(1, 24 * 60):
        job.says(START + minute * MINUTE)

    assert 24 <= len(job.samples) <= 48
    assert set(job.reasons) == {""}


def test_what_could_not_be_heard_is_void() -> None:
    """Down from 2:30 to 3:30: the job may have ended at 3:10."""
    one = Job(nightly()).deaf(at("2:30"), at("3:30")).until(at("9:00")).only()

    assert (one.result.outcome, one.result.reason, one.attempts) == ("void", "unheard", 0)


def test_what_was_heard_counts_though_we_were_down_for_a_while() -> None:
    job = Job(nightly()).deaf(at("2:30"), at("3:30")).says(at("3:40")).until(at("9:00"))

    assert job.reasons == [""]


def test_downtime_at_another_time_of_the_day_excuses_nothing() -> None:
    job = Job(nightly()).deaf(at("1:00"), at("2:00")).deaf(at("4:30"), at("5:00"))

    assert job.until(at("9:00")).reasons == ["missing"]


def test_after_a_week_of_downtime_one_void_sample_is_enough() -> None:
    for written in (nightly(), options(every="1h", grace="10m")):
        job = Job(written).deaf(at("1:00"), at("1:00", day=7)).until(at("1:30", day=7))

        assert job.reasons == ["unheard"]


def test_the_night_when_clocks_go_forward_has_its_run() -> None:
    """02:30 does not exist in Berlin on 2027-03-28; cron runs the job at 03:00, once."""
    written = options(cron="30 2 * * *", timezone="Europe/Berlin", grace="30m")
    noons = [datetime(2027, 3, day, 12, tzinfo=UTC) for day in (26, 27, 28)]
    due = [written.next_ms(round(noon.timestamp()) * 1000) for noon in noons]

    assert [datetime.fromtimestamp(ms / 1000, UTC).isoformat()[:16] for ms in due] == [
        "2027-03-27T01:30", "2027-03-28T01:00", "2027-03-29T00:30",
    ]  # fmt: skip


def test_the_night_when_clocks_go_back_has_one_run() -> None:
    """02:30 comes twice in Berlin on 2026-10-25, at 00:30 and 01:30 UTC."""
    written = options(cron="30 2 * * *", timezone="Europe/Berlin", grace="30m")
    first = written.next_ms(round(datetime(2026, 10, 24, 12, tzinfo=UTC).timestamp()) * 1000)
    second = written.next_ms(first)

    assert [datetime.fromtimestamp(ms / 1000, UTC).isoformat()[:16] for ms in (first, second)] == [
        "2026-10-25T00:30", "2026-10-26T01:30",
    ]  # fmt: skip


def test_two_times_that_fall_on_one_instant_are_one() -> None:
    written = options(cron="0 2,3 * * *", timezone="Europe/Berlin", grace="30m")
    midnight = round(datetime(2027, 3, 27, 23, tzinfo=UTC).timestamp()) * 1000

    first = written.next_ms(midnight)
    assert written.next_ms(first) - first == 23 * HOUR


def test_an_hourly_job_goes_on_through_both_nights() -> None:
    written = options(cron="0 * * * *", timezone="Europe/Berlin", grace="30m")
    for month, day in ((3, 28), (10, 25)):
        due = [
            round(
                datetime(2026 if month == 10 else 2027, month, day - 1, 20, tzinfo=UTC).timestamp()
            )
            * 1000
        ]
        for _ in range(10):
            due.append(written.next_ms(due[-1]))

        assert {later - one for one, later in pairwise(due)} == {HOUR}


def test_another_rhythm_begins_anew_and_forgets_nothing_else() -> None:
    job = Job(nightly()).says(at("3:10"), "fail").until(at("12:00"))
    state = State.loads(job.follower.state.dumps())
    other = follow(options(every="1h", grace="10m"), state=state, since_ms=0)

    assert other.expected.due_ms == at("12:00")
    assert other.state.heard is not None
    assert other.state.heard.word is Word.FAIL


def test_what_never_ends_is_bounded() -> None:
    """A job that starts under ever other names, and ends under none of them."""
    job = Job(options(every="1h", grace="10m"))
    for number in range(2000):
        job.says(START + number * MINUTE, "start" if number % 2 else "success", str(number))

    assert len(job.follower.state.dumps()) < 100_000


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ({"every": "1h", "cron": "0 3 * * *", "grace": "1m"}, "both say"),
        ({"grace": "1m"}, "nothing says"),
        ({"every": "500ms", "grace": "1m"}, "too often"),
        ({"cron": "0 3 * *", "grace": "1m"}, "4 fields"),
        ({"cron": "0 25 * * *", "grace": "1m"}, "no cron expression"),
        ({"cron": "0 0 31 2 *", "grace": "1m"}, "no cron expression"),
        ({"cron": "*/5 * * * *", "grace": "6m"}, "due again before"),
        ({"every": "1h", "grace": "1m", "start_within": "2m"}, "longer than `grace`"),
        ({"every": "1h", "grace": "1m", "run": {"at_most": "2m"}}, "longer than `grace`"),
        ({"every": "1h", "grace": "5m", "run": {"at_least": "2m", "at_most": "1m"}}, "that long"),
        ({"uuid": "nothing", "every": "1h", "grace": "1m"}, "not a UUID"),
    ],
)
def test_what_cannot_be_meant_is_refused(written: dict[str, Any], what: str) -> None:
    with pytest.raises(ValidationError, match=what):
        options(**written)


def test_the_address_does_not_show() -> None:
    assert UUID not in repr(options(every="1h", grace="1m"))


EVENTS = st.lists(
    st.tuples(
        st.integers(1, 40),
        st.sampled_from([*Word, Word.START, Word.SUCCESS, Word.SUCCESS]),
        st.sampled_from(["", "a", "b"]),
    ),
    max_size=40,
)
WRITTEN = st.sampled_from(
    [
        {"every": "1h", "grace": "10m"},
        {"every": "20m", "grace": "1h", "start_within": "5m", "run": {"at_most": "15m"}},
        {"cron": "0 * * * *", "grace": "30m", "run": {"at_least": "2m", "at_most": "20m"}},
        {"cron": "*/15 8-18 * * *", "grace": "15m", "start_within": "5m"},
    ]
)
DEAF = st.lists(st.tuples(st.integers(0, 1000), st.integers(1, 200)), max_size=3)


@settings(deadline=None)
@given(WRITTEN, EVENTS, DEAF, st.integers(0, 40))
def test_one_that_is_resumed_says_what_one_that_went_on_says(
    written: dict[str, str],
    events: list[tuple[int, Word, str]],
    deaf: list[tuple[int, int]],
    cut: int,
) -> None:
    """Kept and read back anywhere, and looked at every minute or never in between."""
    one, other = Job(options(**written)), Job(options(**written))
    for from_minute, minutes in deaf:
        span = START + from_minute * MINUTE, START + (from_minute + minutes) * MINUTE
        one.deaf(*span)
        other.deaf(*span)
    now = START
    for number, (pause, word, rid) in enumerate(events):
        for minute in range(pause):
            other.until(now + minute * MINUTE)
        now += pause * MINUTE
        one.says(now, word, rid)
        other.says(now, word, rid)
        if number == cut:
            state = State.loads(other.follower.state.dumps())
            other.follower = follow(options(**written), state=state, since_ms=0)
    end = now + 6 * HOUR

    assert one.until(end).samples == other.until(end).samples


def reference(
    due_every: int, grace: int, events: list[tuple[int, bool]], end: int
) -> dict[int, str]:
    """
    What jobs that only say how they ended come to by an expression of whole hours, told slowly:
    each time with all that belongs to it, looked at from its end.
    """
    found = {}
    for due in range(START + due_every, end, due_every):
        if due + grace > end:
            break
        early = min(MINUTE, due_every // 4)
        meant = [
            (at_ms, good)
            for at_ms, good in events
            if due - early <= at_ms < due + due_every - early
        ]
        wrong = ["" if good else "job-failed" for _, good in meant]
        if meant and not wrong[0] and meant[0][0] > due + grace:
            wrong[0] = "late"
        found[due] = next((reason for reason in wrong if reason), "") if meant else "missing"
    return found


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 200 * 60), st.booleans()), max_size=40))
def test_the_follower_says_what_a_slow_reference_says(said: list[tuple[int, bool]]) -> None:
    now, events = START, []
    for seconds, good in said:
        now += seconds * 1000
        events.append((now, good))
    end = now + 5 * HOUR
    job = Job(options(cron="0 * * * *", grace="30m"))
    for at_ms, good in events:
        job.says(at_ms, "success" if good else "fail")
    job.until(end)

    assert {due: one.result.reason for due, one in job.samples.items()} == reference(
        HOUR, 30 * MINUTE, events, end
    )
