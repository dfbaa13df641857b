"""blackbox_exporter: modules as templates, and the targets of a Prometheus as probes of them."""

from __future__ import annotations

from typing import Any

from synthetics.convert.blackbox import http as blackbox_http
from synthetics.convert.blackbox import others as blackbox_others
from synthetics.convert.draft import Draft
from synthetics.convert.tree import Item
from synthetics.convert.written import identifier, plain

TARGET = "${with:target}"
_EVERY = "1m"
_SAMPLES = {
    "http": "http://value.example/",
    "tcp": "value.example:80",
    "dns": "192.0.2.53",
    "icmp": "value.example",
    "websocket": "ws://value.example/",
    "grpc": "value.example:50051",
}
_NONE = {
    "unix": "no kind connects to a socket of this machine; `exec` runs `nc -U`, or the module goes "
    "on at /probe",
}
_HINTS = {
    f"{prober}.{key}": why
    for prober in ("http", "websocket.http_config")
    for key, why in (
        ("no_proxy", "only what has a `proxy` goes by one"),
        ("proxy_connect_header", "write `auth` into the URL of the proxy"),
        ("tls_config.max_version", "the newest that both speak is spoken"),
    )
}
"""What to do instead, by key of a module."""
_OF_SCRAPING = (
    "scheme", "scrape_timeout", "honor_labels", "honor_timestamps", "metrics_path", "basic_auth",
    "tls_config", "follow_redirects", "file_sd_configs", "http_sd_configs",
)  # fmt: skip
"""How Prometheus gets at the exporter, which is no longer between."""
_USUAL = ("__param_target", "instance", "__address__", "__tmp_address")
"""What every job of a probe is relabelled into, so that the exporter is asked of the target."""
_OF_JOBS = {
    "metric_relabel_configs": "the metrics are named as the exporter's",
    "params": "a module is a template, and its target a parameter",
}
_MAKERS = {
    "http": blackbox_http.http,
    "websocket": blackbox_others.websocket,
    "tcp": blackbox_others.tcp,
    "dns": blackbox_others.dns,
    "icmp": blackbox_others.icmp,
    "grpc": blackbox_others.grpc,
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
            why = _NONE.get(prober, f"`{prober}` is no prober that is known")
            draft.note(module, f"module {name} is left out: {why}")
            continue
        probe: dict[str, Any] = {}
        if module["timeout"]:
            probe["timeout"] = module["timeout"].text()
        for other in ("http", "tcp", "dns", "icmp", "grpc", "unix", "websocket"):
            if other != prober and module[other]:
                draft.note(module[other], f"`{other}` is left out: the prober is {prober}")
        probe |= maker(module[prober], draft, TARGET)
        draft.rest(module, f"module {name}", hints=_HINTS)
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
        for key in job.names:
            if key.endswith("_sd_configs"):
                draft.note(job[key], f"targets of `{key}` are left out: they are not written here")
        service = draft.service(job["job_name"].text())
        for group in job["static_configs"].items():
            labels = {label: plain(value.text()) for label, value in group["labels"].pairs()}
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
        for rule in job["relabel_configs"].items():
            into = rule["target_label"].text()
            if into not in _USUAL:
                what = f"what is relabelled into {into or 'nothing'} is left out: write `labels`"
                draft.note(rule.line, what)
            rule.done()
        job.skip(*_OF_SCRAPING)
        draft.rest(job, f"job {job['job_name'].text()}", hints=_OF_JOBS)
