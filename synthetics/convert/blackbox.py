"""blackbox_exporter: modules as templates, and the targets of a Prometheus as probes of them."""

from __future__ import annotations

from typing import Any

from synthetics.convert import blackbox_http, blackbox_others
from synthetics.convert.draft import Draft, identifier, plain
from synthetics.convert.tree import Item

TARGET = "${with:target}"
_EVERY = "1m"
_SAMPLES = {
    "http": "http://value.example/",
    "tcp": "value.example:80",
    "dns": "192.0.2.53",
    "icmp": "value.example",
    "websocket": "ws://value.example/",
}
_MAKERS = {
    "http": blackbox_http.http,
    "websocket": blackbox_others.websocket,
    "tcp": blackbox_others.tcp,
    "dns": blackbox_others.dns,
    "icmp": blackbox_others.icmp,
}


def convert(root: Item, draft: Draft) -> dict[str, tuple[str, str]]:
    """
    Add the modules in *root* to *draft* as templates.

    Returns:
        The identifier of the template and the prober, by module.
    """
    known = {}
    for name, module in root["modules"].pairs():
        prober = module["prober"].text()
        maker = _MAKERS.get(prober)
        if maker is None:
            what = f"module {name} is left out: there is no kind for the prober {prober} yet"
            draft.note(module["prober"], what)
            continue
        probe: dict[str, Any] = {}
        if module["timeout"]:
            probe["timeout"] = module["timeout"].text()
        for other in ("http", "tcp", "dns", "icmp", "grpc", "unix", "websocket"):
            if other != prober and module[other]:
                draft.note(module[other], f"`{other}` is left out: the prober is {prober}")
        probe |= maker(module[prober], draft, TARGET)
        draft.rest(module)
        chosen = identifier(name, draft.templates, "module")
        draft.templates[chosen] = {"parameters": {"target": {}}, "probe": probe}
        draft.place(chosen, module.line)
        draft.samples[chosen] = _SAMPLES[prober]
        known[name] = (chosen, prober)
    draft.rest(root)
    return known


def take_targets(root: Item, draft: Draft, modules: dict[str, tuple[str, str]]) -> None:
    """
    Add the targets that a Prometheus scrapes.

    Args:
        root: Its configuration.
        draft: Written to.
        modules: From `convert`.
    """
    usual = root["global"]["scrape_interval"].text(_EVERY)
    for job in root["scrape_configs"].items():
        name = job["params"]["module"].items()
        if job["metrics_path"].text() != "/probe" or not name:
            continue
        module = name[0].text()
        if module not in modules:
            draft.note(
                job, f"job {job['job_name'].text()} is left out: module {module} is not there"
            )
            continue
        template, prober = modules[module]
        for key, value in job.rest():
            if key.endswith("_sd_configs"):
                draft.note(value, f"targets of `{key}` are left out: they are not written here")
        service = draft.service(job["job_name"].text())
        for group in job["static_configs"].items():
            labels = {key: value.text() for key, value in group["labels"].pairs()}
            for each in group["targets"].items():
                target = each.text()
                if prober == "http" and "://" not in target:
                    target = f"http://{target}"
                written: dict[str, Any] = {
                    "service": service,
                    "every": job["scrape_interval"].text(usual),
                    "use": template,
                    "with": {"target": plain(target)},
                }
                if labels:
                    written["labels"] = labels
                draft.probe(f"{module} {each.text()}", each.line, written)
