"""The shop behaves as a shop does, so that the demo's journey proves something."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from synthetics.demo.loopback import serving
from synthetics.demo.shop import USER, Shop

PASSWORD = "matcha-and-rain"


@pytest.fixture
def shop() -> Shop:
    return Shop(password=PASSWORD)


@pytest.fixture
async def url(shop: Shop) -> AsyncIterator[str]:
    async with serving(shop.app()) as url:
        yield url


@pytest.fixture
async def customer(url: str) -> AsyncIterator[aiohttp.ClientSession]:
    # Cookies of an address, not of a name, are dropped by default.
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(url, cookie_jar=jar) as session:
        yield session


async def log_in(customer: aiohttp.ClientSession) -> int:
    form = {"user": USER, "password": PASSWORD}
    async with customer.post("/login", data=form, allow_redirects=False) as answer:
        return answer.status


async def csrf_token(customer: aiohttp.ClientSession) -> str:
    async with customer.get("/cart") as answer:
        assert (await answer.json())["items"][0]["sku"] == "SKU-1"
        return answer.headers["X-CSRF-Token"]


async def order(customer: aiohttp.ClientSession, token: str) -> int:
    async with customer.post("/orders", headers={"X-CSRF-Token": token}) as answer:
        return answer.status


async def test_the_home_page_shows_the_cart_in_japanese(customer: aiohttp.ClientSession) -> None:
    async with customer.get("/") as answer:
        assert answer.status == 200
        assert "カート" in await answer.text()


async def test_a_customer_logs_in_looks_and_orders(
    shop: Shop, customer: aiohttp.ClientSession
) -> None:
    assert await log_in(customer) == 302
    assert await order(customer, await csrf_token(customer)) == 201
    assert shop.orders == 1


async def test_a_wrong_password_opens_nothing(customer: aiohttp.ClientSession) -> None:
    async with customer.post("/login", data={"user": USER, "password": "guess"}) as answer:
        assert answer.status == 401
    async with customer.get("/cart") as answer:
        assert answer.status == 401


async def test_an_order_needs_its_session_and_its_token(customer: aiohttp.ClientSession) -> None:
    assert await order(customer, "anything") == 401
    await log_in(customer)
    assert await order(customer, "anything") == 403


async def test_the_switch_breaks_the_order_step_and_nothing_else(
    customer: aiohttp.ClientSession,
) -> None:
    await log_in(customer)
    token = await csrf_token(customer)

    async with customer.post("/backstage/break") as answer:
        assert "is broken" in await answer.text()

    assert await order(customer, token) == 500
    async with customer.get("/cart") as answer:
        assert answer.status == 200

    async with customer.post("/backstage/mend") as answer:
        assert "works" in await answer.text()
    assert await order(customer, token) == 201


async def test_old_sessions_are_forgotten_so_that_the_shop_does_not_grow(
    url: str, customer: aiohttp.ClientSession
) -> None:
    await log_in(customer)
    token = await csrf_token(customer)
    async with aiohttp.ClientSession(url) as crowd:
        for _ in range(100):
            await log_in(crowd)

    assert await order(customer, token) == 401


async def test_a_taken_port_is_replaced_by_a_free_one() -> None:
    async with serving(Shop(password=PASSWORD).app()) as first:
        port = int(first.rpartition(":")[2])
        async with serving(Shop(password=PASSWORD).app(), port=port) as second:
            assert second != first
