"""One run: a window, the steps in it, and the verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from playwright.async_api import Error

from probes.browser_parts.act import Actor
from probes.browser_parts.chromium import Chromium, Turn
from probes.browser_parts.course import Course
from probes.browser_parts.judge import judge
from probes.browser_parts.limits import Limits
from probes.browser_parts.running import Launch
from probes.browser_parts.script import ScriptRun, meaning, perform
from probes.browser_parts.way import Way
from probes.browser_parts.window import Window
from probes.browser_parts.witness import Witness
from probes.fields import Secret, Template
from probes.net.trip import Trouble
from probes.prepare import disguises
from probes.result import Facts, Outcome, Result, StepResult
from probes.url import to_show
from probes.watch import Watch

if TYPE_CHECKING:
    from probes.browser import Visit

_RESERVE_S = 2.0
"""Most of a run's time that is kept for looking at a failure; a tenth of it, if that is less."""


async def visit(options: Visit, watch: Watch) -> Result:
    """Look, and say what was seen; only a bug raises."""
    for text in _texts(options):
        secrets = (part.reveal() for part in text.parts if isinstance(part, Secret))
        watch.mask = watch.mask.also(*(form for secret in secrets for form in disguises(secret)))
    chromium = await watch.shared.get(Chromium, Chromium.start)
    program = options.program
    if program is None:
        return watch.void("no-browser", "there is no Chromium on this machine")
    launch = Launch(program=program, sandbox=options.locks, memory=options.memory)
    if options.caution:
        chromium.warn_once(options.caution)
    way = Way(watch, options.limit)
    try:
        async with chromium.turn(launch, watch) as turn:
            return await _Visit(options, watch, turn, way).go()
    except Trouble as trouble:
        say = watch.void if trouble.outcome is Outcome.VOID else watch.bad
        return say(trouble.reason, trouble.detail)
    finally:
        way.close()


def _texts(options: Visit) -> Iterator[Template]:
    """All texts that may hold a secret."""
    yield from options.values.values()
    for step in options.steps:
        if step.goto is not None:
            yield step.goto
        yield from step.fill.values()
        yield from step.select.values()
        if step.expect is not None:
            yield from step.expect.value.values()
            yield from (text for _, text in step.expect.text)


class _Visit:
    """One run of *options* in its *turn*."""

    def __init__(self, options: Visit, watch: Watch, turn: Turn, way: Way) -> None:
        self._options = options
        self._watch = watch
        self._turn = turn
        self._way = way
        self._memory_ended = turn.running.memory_ended
        self._actor: Actor | None = None
        self._limits = Limits()

    async def go(self) -> Result:
        """
        The verdict.

        Raises:
            Trouble: There is no window.
        """
        interrupts = self._turn.running.interrupts
        interrupts.add(self._limits.interrupt)
        self._way.on_too_much = self._limits.interrupt
        try:
            return await self._look()
        finally:
            interrupts.discard(self._limits.interrupt)

    async def _look(self) -> Result:
        window = await self._open()
        watch, options = self._watch, self._options
        waited_s = watch.elapsed_s()
        # A failure is looked at before time is up.
        reserve_s = min(_RESERVE_S, watch.timeout_s / 10)
        course = Course(
            watch,
            window,
            watch.remaining_s() - reserve_s,
            self._limits,
            lambda error: self._meaning(window, error),
        )
        witness = Witness(watch, window, self._way, options.keep)
        trouble: Trouble | None = None
        try:
            await self._walk(window, course, witness)
            self._turn.chromium.survived(self._subject)
            judge(options.expect, course.felt.worst(), window)
        except Trouble as met:
            trouble = met
            if met.reason == "timeout" and course.whole_time and waited_s > watch.timeout_s / 2:
                said = f"most of {watch.timeout_s:g} s was spent on waiting for the browser"
                trouble = Trouble("browser-busy", said, outcome=Outcome.VOID)
        try:
            result = self._result(window, course, trouble)
            if trouble is None:
                if watch.look is not None:
                    watch.look.remarks += [watch.mask(line) for line in window.lines]
                return result
            fields = self._actor.secret_fields if self._actor is not None else []
            return replace(result, evidence=await witness.tell(trouble, fields))
        finally:
            if window.flooded or window.hangs:
                self._turn.running.wear_out()
            window.shut()

    async def _open(self) -> Window:
        options, remaining_s = self._options, self._watch.remaining_s()
        width, height = options.viewport
        try:
            async with self._limits.limited(remaining_s):
                context = await self._turn.open(
                    proxy={"server": await self._way.open()},
                    accept_downloads=False,
                    ignore_https_errors=not options.verify,
                    locale=options.locale,
                    viewport={"width": width, "height": height},
                )
                if options.keep is not None and options.keep.trace:
                    await context.tracing.start(screenshots=True, snapshots=True)
                return await Window.open(context)
        except TimeoutError:
            if self._limits.interrupted:
                raise self._gone("") from None
            said = f"the browser gave no window within {self._watch.timeout_s:g} s"
            raise Trouble("browser-busy", said, outcome=Outcome.VOID) from None
        except Error as error:
            raise self._gone(str(error)) from None

    async def _walk(self, window: Window, course: Course, witness: Witness) -> None:
        options = self._options
        patience_s = options.patience.total_seconds()
        if options.script is not None:
            values = {name: text.render() for name, text in options.values.items()}
            window.page.set_default_timeout(patience_s * 1000)
            window.page.set_default_navigation_timeout(0)
            await self._script(window, course, ScriptRun(course, values))
            return
        self._actor = Actor(window.page, course, self._way, patience_s)
        for step in options.steps:
            limit_s = step.timeout.total_seconds() if step.timeout else None
            async with course.step(step.name, limit_s):
                await self._actor.take(step)
            if step.screenshot:
                await witness.picture(self._actor.secret_fields, f"-{len(course.told)}")

    async def _script(self, window: Window, course: Course, run: ScriptRun) -> None:
        """
        Run it in the time that is left; what it does outside of steps is none.

        Raises:
            Trouble: It did not go as it should.
        """
        script = self._options.script
        assert script is not None
        try:
            async with self._limits.limited(course.left_s()) as limit:
                await perform(script, window.page, run)
        except Exception as error:  # noqa: BLE001  # a script may raise anything
            if course.failed is not None:
                raise course.failed[1] from None
            if limit.expired() and not self._limits.interrupted:
                course.whole_time = True
                said = f"not done after {self._watch.timeout_s:g} s: {course.doing}"
                raise Trouble("timeout", said) from None
            raise self._meaning(window, error) from None
        if course.failed is not None:  # it went on after a step that failed
            raise course.failed[1]

    def _meaning(self, window: Window, error: Exception) -> Trouble:
        """What *error* in a step says."""
        if self._way.too_much:
            return Trouble("body-too-large", "the pages of this run are larger than `limit`")
        gone = window.crashed or not self._turn.running.alive
        if gone or window.page.is_closed() or self._turn.chromium.stopped:
            return self._gone(str(error))
        if isinstance(error, Trouble):
            return error
        if self._options.script is not None:
            return meaning(error, self._options.script.path, window.page, self._way)
        if isinstance(error, Error):
            return Trouble("element", str(error).partition("\n")[0])
        raise error

    @property
    def _subject(self) -> str:
        """What is looked at, by which crashes are remembered."""
        if self._options.script is not None:
            return self._options.script.path
        return str(self._options.steps[0].goto)

    def _gone(self, message: str) -> Trouble:
        """Why there is no page any more."""
        chromium, running = self._turn.chromium, self._turn.running
        if chromium.stopped:
            return Trouble("stopped", "the service is stopping", outcome=Outcome.VOID)
        if running.memory_ended > self._memory_ended:
            size = running.launch.memory // (1024 * 1024)
            return Trouble("memory", f"the pages took more than {size} MiB")
        what = "the page crashed" if running.alive else "the browser ended"
        if "rash" not in message and running.alive:
            what = "the page was closed"
        if chromium.crashed_before(self._subject):
            return Trouble("crashed", f"{what}, as it did the last time")
        return Trouble("crashed", what, outcome=Outcome.VOID)

    def _result(self, window: Window, course: Course, trouble: Trouble | None) -> Result:
        watch = self._watch
        seen: dict[str, Any] = {
            "steps": (*course.told, *self._skipped(course)),
            "phases": course.last.phases,
            "facts": Facts(
                status=course.last.facts.status,
                address=course.last.facts.address,
                url=watch.mask(to_show(window.page.url))[:2000],
                certificate_expires_at=course.last.facts.certificate_expires_at,
                vitals=course.felt.worst(),
            ),
        }
        if not course.whole_time:
            seen["duration_s"] = course.spent_s
        if trouble is None:
            return watch.good(**seen)
        name = course.failed[0] if course.failed is not None else ""
        detail = f"{name}: {trouble.detail}" if name else trouble.detail
        say = watch.void if trouble.outcome is Outcome.VOID else watch.bad
        return say(trouble.reason, detail, failed_step=name, **seen)

    def _skipped(self, course: Course) -> Iterator[StepResult]:
        taken = {step.name for step in course.told}
        script = self._options.script
        names = script.steps if script else tuple(step.name for step in self._options.steps)
        if course.failed is not None:
            for name in names:
                if name not in taken:
                    yield StepResult(name=name, outcome=Outcome.SKIPPED)
