"""The demo's shop: four pages over real HTTP, and a switch that breaks the order step."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field

from aiohttp import web

USER = "probe"
_COOKIE = "shop_session"
_ITEMS = [{"sku": "SKU-1", "name": "抹茶 100 g", "price_jpy": 1_480}]

_HOME = """<!doctype html>
<html lang="ja"><meta charset="utf-8"><title>本店</title>
<style>body {{ font: 16px/1.6 system-ui, sans-serif; max-width: 34em; margin: 3em auto }}</style>
<h1>本店</h1>
<p>抹茶 100 g — ¥1,480 · <a href="/cart">カートを見る</a></p>
<hr>
<p>The order step <strong>{state}</strong>.</p>
<form method="post" action="/backstage/{other}"><button>{verb} the order step</button></form>
</html>
"""


@dataclass(slots=True)
class Shop:
    """
    A shop whose customers log in, look into the cart, and order.

    ``POST /backstage/break`` and ``POST /backstage/mend`` do from outside what
    *orders_work* does from inside.

    Attributes:
        password: What `USER` logs in with.
        orders_work: While false, every order is answered with 500.
        orders: How many orders were accepted, >= 0.
    """

    password: str
    orders_work: bool = True
    orders: int = 0
    _tokens: dict[str, str] = field(default_factory=dict)

    def app(self) -> web.Application:
        """The shop as an application, for `serving`."""
        app = web.Application()
        app.router.add_get("/", self._home)
        app.router.add_post("/login", self._login)
        app.router.add_get("/cart", self._cart)
        app.router.add_post("/orders", self._order)
        app.router.add_post("/backstage/{action:break|mend}", self._backstage)
        return app

    async def _home(self, _request: web.Request) -> web.Response:
        words = ("works", "break", "Break") if self.orders_work else ("is broken", "mend", "Mend")
        state, other, verb = words
        page = _HOME.format(state=state, other=other, verb=verb)
        return web.Response(text=page, content_type="text/html")

    async def _login(self, request: web.Request) -> web.Response:
        form = await request.post()
        password = str(form.get("password", ""))
        if form.get("user") != USER or not hmac.compare_digest(
            password.encode(), self.password.encode()
        ):
            return web.Response(status=401, text="unknown user or wrong password\n")
        session = secrets.token_urlsafe(16)
        # One probe logs in every other second for as long as `--keep` lasts: keep the newest only.
        while len(self._tokens) >= 100:
            self._tokens.pop(next(iter(self._tokens)))
        self._tokens[session] = secrets.token_urlsafe(16)
        answer = web.Response(status=302, headers={"Location": "/cart"})
        answer.set_cookie(_COOKIE, session, httponly=True, samesite="Lax")
        return answer

    async def _cart(self, request: web.Request) -> web.Response:
        token = self._tokens.get(request.cookies.get(_COOKIE, ""))
        if token is None:
            return web.Response(status=401, text="log in first\n")
        return web.json_response({"items": _ITEMS}, headers={"X-CSRF-Token": token})

    async def _order(self, request: web.Request) -> web.Response:
        token = self._tokens.get(request.cookies.get(_COOKIE, ""))
        if token is None:
            return web.Response(status=401, text="log in first\n")
        if not hmac.compare_digest(token, request.headers.get("X-CSRF-Token", "")):
            return web.Response(status=403, text="the CSRF token is missing or wrong\n")
        if not self.orders_work:
            return web.json_response({"error": "payment backend is not reachable"}, status=500)
        self.orders += 1
        return web.json_response({"order": self.orders}, status=201)

    async def _backstage(self, request: web.Request) -> web.Response:
        self.orders_work = request.match_info["action"] == "mend"
        return web.Response(status=303, headers={"Location": "/"})
