"""``/probe`` of a running service: only where it was asked for, and reloaded with the rest."""

from __future__ import annotations

from pathlib import Path

import aiohttp

from tests.service.support import Place

MODULES = "modules:\n  http_2xx: {prober: http, timeout: 2s}\n"


async def test_probe_is_served_by_the_module_file_only(place: Place, tmp_path: Path) -> None:
    modules = tmp_path / "blackbox.yml"
    modules.write_text(
        MODULES + "  odd: {prober: http, http: {body_file: /none}}\n", encoding="utf-8"
    )
    async with place.running("--blackbox", str(modules)) as service:
        warned = "".join(service.lines)
        assert f"{modules}:3: module odd cannot be asked: /none cannot be read" in warned

        alive = f"{service.url}/-/healthy".removeprefix("http://")
        assert "probe_success 1\n" in await service.get(f"/probe?target={alive}")

        modules.write_text(MODULES.replace("http_2xx", "other"), encoding="utf-8")
        assert await service.post("/-/reload") == (200, "reloaded\n")
        assert "probe_success 1\n" in await service.get(f"/probe?module=other&target={alive}")

        modules.write_text(MODULES.replace("timeout", "time"), encoding="utf-8")
        status, said = await service.post("/-/reload")
        assert status == 400
        assert f"{modules}:2:28: modules.http_2xx.time: there is no key `time` here" in said
        assert "probe_success 1\n" in await service.get(f"/probe?module=other&target={alive}")

        asked = {"Sec-Fetch-Site": "cross-site"}
        async with (
            aiohttp.ClientSession(headers=asked) as browser,
            browser.get(f"{service.url}/probe?module=other&target={alive}") as refused,
        ):
            assert refused.status == 403


async def test_without_a_module_file_nothing_is_asked(place: Place) -> None:
    async with (
        place.running() as service,
        aiohttp.ClientSession() as client,
        client.get(f"{service.url}/probe?target=127.0.0.1") as answered,
    ):
        assert answered.status == 404


async def test_a_module_file_that_is_wrong_is_refused(place: Place, tmp_path: Path) -> None:
    modules = tmp_path / "blackbox.yml"
    modules.write_text("modules: {web: {prober: ftp}}\n", encoding="utf-8")
    status, _, said = await place.said("run", "--blackbox", str(modules))
    assert status == 2
    assert f"{modules}:1:17: modules.web.prober: " in said
