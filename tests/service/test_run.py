"""``synthetics run`` from outside: a process, a file, a shop that breaks, a receiver, signals."""

from __future__ import annotations

import asyncio
import json
import os
import signal

from synthetics.store import Reader, deliveries
from tests.service.support import PATIENCE_S, SECRET, Place, Running

BROKEN = "services: {shop: {}}\nprobez: {}\n"


async def test_an_outage_pages_and_its_end_resolves(place: Place) -> None:
    async with place.running() as service:
        await service.counted("home-ok", 2)
        place.shop.status = 500
        page = await place.oncall.told(1)
        firing = await service.metric("synthetics_slo_firing", slo="home-ok", tier="fast")
        code, table, _ = await place.said("status")
        html = await service.get("/")
        place.shop.status = 200
        end = await place.oncall.told(2)
        assert await service.stop() == 0

    assert "trigger" in json.dumps(page)
    assert "status 500" in json.dumps(page, ensure_ascii=False)
    assert "resolve" in json.dumps(end)
    assert firing == 1
    assert code == 1, "an alert that fires is bad news"
    assert "firing: fast" in table
    assert "burning fast enough to page" in html
    assert len(place.oncall.pages) == 2
    assert SECRET not in "".join([*service.lines, html, table])


async def test_a_reload_takes_a_good_file_and_keeps_the_history(place: Place) -> None:
    async with place.running() as service:
        before = await service.counted("home-ok", 2)
        place.write("  cart:\n    service: shop\n    http: {get: " + place.shop.url + "/cart}\n")
        service.signal(signal.SIGHUP)
        await service.until("reloaded")
        after = await service.counted("home-ok", before["good"])
        probes = {probe["id"] for probe in (await service.status())["probes"]}
        async with asyncio.timeout(PATIENCE_S):
            while 'probe_success{probe="cart"' not in await service.get("/metrics"):
                await asyncio.sleep(0.1)
        assert await service.stop() == 0

    assert probes == {"home", "cart"}
    assert after["good"] >= before["good"]
    assert after["void"] == 0


async def test_a_bad_file_changes_nothing_and_is_visible(place: Place) -> None:
    async with place.running() as service:
        place.config.write_text(BROKEN)
        code, problems = await service.post("/-/reload")
        successful = await service.metric("synthetics_config_last_reload_successful")
        html = await service.get("/")
        asked = place.shop.asked
        await service.counted("home-ok", 2)
        service.signal(signal.SIGHUP)
        problem = await service.until("there is no key `probez` here")

        place.write()
        mended = await service.post("/-/reload")
        successful_again = await service.metric("synthetics_config_last_reload_successful")
        assert await service.stop() == 0

    assert code == 400
    assert "synthetics.yaml:2:1: probez: there is no key `probez` here" in problems
    assert "the configuration before stays" in problems
    assert "action=problem mend=" in problem, "one line a problem, with its cure"
    assert successful == 0
    assert "The newest configuration was refused" in html
    assert place.shop.asked > asked, "the old configuration goes on probing"
    assert mended == (200, "reloaded\n")
    assert successful_again == 1


async def test_a_hangup_before_it_is_ready_is_a_reload_once_it_is(place: Place) -> None:
    """An init system may reload right after the start; that must not end the process."""
    text = place.config.read_text()
    place.config.unlink()
    os.mkfifo(place.config)
    process = await place.call("run", "--port", "0")
    service = Running(process)
    try:
        async with asyncio.timeout(PATIENCE_S):
            with await asyncio.to_thread(place.config.open, "w") as being_read:
                service.signal(signal.SIGHUP)
                being_read.write(text)
            await service.until("ready")
            await asyncio.to_thread(place.config.write_text, text)
            await service.until("the configuration took over")
        assert await service.stop() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_what_was_counted_and_owed_survives_kill_9(place: Place) -> None:
    place.shop.status = 500
    place.oncall.status = 503
    async with place.running() as service:
        await place.oncall.tried()
        before = await service.counted("home-ok", 3)
        service.signal(signal.SIGKILL)
        await service.ended()

    place.oncall.status = 200
    async with place.running() as service:
        after = (await service.status())["slos"][0]["events"]
        page = await place.oncall.told(1)
        assert await service.stop() == 0

    assert after["bad"] >= before["bad"] >= 3
    assert "trigger" in json.dumps(page)
    assert len(place.oncall.pages) == 1, "it goes on firing without being told again"
    with Reader.open(place.database) as reader:
        assert reader.read(deliveries.owed) == []


async def test_what_runs_when_it_is_stopped_is_finished_and_stored(place: Place) -> None:
    place.shop.delay_s = 0.5
    async with place.running("--log-format", "json") as service:
        await place.shop.being_asked.wait()
        assert await service.stop() == 0

    with Reader.open(place.database) as reader:
        (newest,) = reader.latest().values()
    assert newest.sample.result.outcome == "good"
    assert newest.sample.result.duration_s >= 0.5
    said = [json.loads(line)["action"] for line in service.lines]
    assert said == ["listening", "ready", "stopping", "stopped"]


async def test_a_second_signal_ends_it_at_once(place: Place) -> None:
    place.write(timeout="1s")
    place.shop.delay_s = 30
    async with place.running() as service:
        await place.shop.being_asked.wait()
        service.signal(signal.SIGINT)
        await service.until("stopping")
        service.signal(signal.SIGINT)
        assert await service.ended() == 1, "0 would mean that it waited for the run"


async def test_a_second_service_on_one_database_says_who_holds_it(place: Place) -> None:
    """Most would start it the same way twice, so the port is taken as well; that says less."""
    async with place.running() as service:
        for port in ("0", service.url.rstrip("/").rpartition(":")[2]):
            code, _, err = await place.said("run", "--port", port)

            assert code == 2
            assert f"process {service.process.pid} on" in err
            assert "to mend: " in err


async def test_a_port_that_is_taken_is_said(place: Place) -> None:
    port = place.shop.url.rpartition(":")[2]

    code, _, err = await place.said("run", "--port", port)

    assert code == 2
    assert f"127.0.0.1 port {port} cannot be listened on" in err
    assert "Traceback" not in err
    assert not list(place.folder.glob("synthetics.db*")), "a refusal makes no database"


async def test_a_host_that_is_not_there_is_said(place: Place) -> None:
    code, _, err = await place.said("run", "--host", "192.0.2.1")

    assert code == 2
    assert "192.0.2.1 port 9380 cannot be listened on" in err
    assert not list(place.folder.glob("synthetics.db*"))


async def test_a_bad_file_starts_nothing(place: Place) -> None:
    place.config.write_text(BROKEN)

    code, out, err = await place.said("run")

    assert (code, out) == (2, "")
    assert "1 problem found; nothing was started." in err
    assert not place.database.exists()
