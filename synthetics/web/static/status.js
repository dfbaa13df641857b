// Keeps an open page up to date without losing the place: every 15 s the main part is
// fetched anew and put in.  A tab in the background is left alone.
"use strict";

async function renew() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.title = fresh.title;
    for (const part of ["header", "main"]) {
      document.querySelector(part).replaceWith(fresh.querySelector(part));
    }
  } catch {
    document.title = "out of reach · Synthetics";
  }
}

setInterval(renew, 15_000);
