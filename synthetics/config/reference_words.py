"""What the reference page says that the schema does not: how to write things, and examples."""

from __future__ import annotations

INTRODUCTION = """
# Configuration

Every key, made from the schema by `python -m synthetics.config.reference`.
`synthetics check` says what is wrong with a file, and what its alerts will do;
`synthetics schema` prints the schema, with which editors complete and check while you type.

## How it is written

- **Files.** One YAML file, or a directory: its `*.yaml` and `*.yml` files are read as one.
  Groups by identifier and the lists `routes` and `maintenance` are joined; anything else stands
  in one file only.
- **Strictly.** Unknown and duplicate keys are errors, and so is a key without a value. Only
  `true` and `false` are booleans: `no` and `10:30` are text. Anchors and aliases are read, merge
  keys (`<<`) and tags are not.
- **Identifiers** name services, probes, SLOs, receivers, people, hours,
  rotations, escalations and tiers: `a-z`, `0-9`, `.`, `_` and
  `-`, beginning with a letter or digit, at most 128. `name` takes any text in any language.
- **Durations** have a unit: `250ms`, `30s`, `5m`, `1h30m`, `30d`, `2w`; nothing is finer than 1ms.
- **Percentages** have a sign and are kept exactly: `99.95%`.
- **Sizes** have a unit: `500B`, `64KiB`, `1MB`.
- **Instants** have an offset: `2026-11-01T02:00+09:00`, `2026-10-31T17:00Z`.
- **References.** `${env:NAME}` is a variable of the environment, `${file:/run/secrets/key}` the
  content of a file without its last line break; a relative path begins at the configuration.
  `$${` is a plain `${`. Steps of a journey also take `${name}`, a value captured before.
- **Environments and templates.** `envs` and `templates` are put in their places before anything
  else is checked; see [environments](../environments.md) and [templates](../templates.md).
- **Secrets.** What a reference in a probe or receiver stands for is secret: it is masked in every
  log, page, answer and report. It must have at least 4 characters, since masking less would
  blacken other words. In texts that people read (`name`, `owner`, `labels`, `location`, links)
  it is not secret and not masked.
"""

EXAMPLES = {
    "Synthetics.services": "{shop: {name: 本店}}",
    "Synthetics.probes": "{home: {service: shop, http: {get: https://shop.example/}}}",
    "Synthetics.templates": '{web-page: {parameters: {url: {}}, probe: {service: shop, '
    'http: {get: "${with:url}"}}}}',
    "Synthetics.envs": "{staging: {probes: {home: {every: 5m}}}}",
    "Synthetics.slos": "{up: {service: shop, probes: [home], objective: 99.9%, window: 30d}}",
    "Synthetics.receivers": '{team: {webhook: {url: "${env:HOOK_URL}"}}}',
    "Synthetics.people": "{aiko: {name: 愛子, receivers: [aiko-phone]}}",
    "Synthetics.hours": "{office: {timezone: Asia/Tokyo, weekly: {mon-fri: 09:00-18:00}}}",
    "Synthetics.rotations": "{shop: {timezone: Asia/Tokyo, layers: "
    "[{people: [aiko, ben], starts: 2026-11-02T09:00, every: 1w}]}}",
    "Synthetics.escalations": "{shop: {steps: [{after: 10m, to: [backup]}]}}",
    "Hours.weekly": "{mon-thu: [09:00-12:00, 13:00-18:00], fri: 09:00-16:00}",
    "Probe.dns": "{query: shop.example}",
    "Probe.exec": "{command: [/usr/local/bin/check-stock]}",
    "Template.parameters": "{url: {about: The page.}, status: {default: 200}}",
    "Template.probe": '{service: shop, http: {get: "${with:url}"}}',
    "Probe.http": "{get: https://shop.example/}",
    "Probe.journey": "[{name: home, get: https://shop.example/}]",
    "Probe.mqtt": "{connect: broker.example:1883}",
    "Probe.nats": "{connect: broker.example:4222}",
    "Probe.ping": "{host: gw.example}",
    "Probe.redis": "{connect: cache.example:6379}",
    "Probe.ssh": "{connect: bastion.example:22}",
    "Probe.tcp": "{connect: db.example:5432}",
    "Probe.tls": "{connect: shop.example:443}",
    "Probe.udp": '{connect: game.example:27015, send: {hex: "ff ff ff ff 54"}}',
    "Probe.websocket": "{connect: wss://shop.example/feed}",
    "probes.*.dns.type": "MX",
    "probes.*.dns.class": "CH",
    "probes.*.dns.path": "/dns-query",
    "probes.*.dns.expect.rcode": "[NOERROR, NXDOMAIN]",
    "probes.*.dns.expect.answers": '{equals: ["192.0.2.10", "192.0.2.11"]}',
    "probes.*.dns.expect.authority": "{at_least: 1}",
    "probes.*.dns.expect.additional": "{none_matches: [192.0.2.99]}",
    "probes.*.dns.expect.answers.equals": '["10 mail.example", "20 backup.example"]',
    "probes.*.dns.expect.answers.contains": '["10 mail.example"]',
    "probes.*.dns.expect.answers.any_matches": "['CNAME www']",
    "probes.*.dns.expect.answers.all_match": "[' A 192[.]0[.]2[.]']",
    "probes.*.dns.expect.answers.none_matches": "[' A 10[.]']",
    "probes.*.dns.expect.answers.not_all_match": "[' A 192[.]0[.]2[.]10$']",
    "probes.*.exec.command": "[/usr/local/bin/check-stock, --warehouse, tokyo]",
    "probes.*.exec.env": '{SHOP_PASSWORD: "${env:SHOP_PASSWORD}"}',
    "probes.*.exec.stdin": '"${env:SHOP_PASSWORD}"',
    "probes.*.exec.folder": "/var/lib/shop",
    "probes.*.exec.expect.contains": "in stock",
    "probes.*.exec.expect.not_contains": "[ERROR, FATAL]",
    "probes.*.exec.expect.regex": "'^[0-9]+ items'",
    "probes.*.exec.expect.perfdata": "{offset: {under: 0.5}}",
    "probes.*.heartbeat.run": "{at_least: 1m, at_most: 30m}",
    "probes.*.redis.connect": "cache.example:6379",
    "probes.*.redis.login": '{password: "${env:REDIS_PASSWORD}"}',
    "probes.*.redis.command": "[LLEN, jobs]",
    "probes.*.redis.expect": "{reply: {at_most: 1000}}",
    "probes.*.redis.expect.reply": "{at_most: 1000}",
    "probes.*.redis.expect.fields": "{master_link_status: up}",
    "probes.*.mqtt.client": "probe-tokyo",
    "probes.*.mqtt.round_trip": "{topic: probe/us}",
    "probes.*.mqtt.round_trip.topic": "probe/us",
    "probes.*.nats.token": '"${env:NATS_TOKEN}"',
    "probes.*.nats.round_trip": "{subject: probe.us}",
    "probes.*.nats.round_trip.subject": "probe.us",
    "probes.*.ssh.connect": "bastion.example:22",
    "probes.*.ssh.expect": "{banner: OpenSSH}",
    "probes.*.ssh.expect.banner": "'^SSH-2.0-OpenSSH_'",
    "probes.*.ssh.expect.host_key": "SHA256:uNiVztksCsDhcc0u9e8BrrX1bqnPaVRgrEK3FmCWWPo",
    "probes.*.tcp.dialogue": "[{expect: '^220 '}]",
    "probes.*.tcp.starttls": "{verify: false}",
    "probes.*.tcp.dialogue.send": '"HELLO\\r\\n"',
    "probes.*.tcp.dialogue.expect": "'^220 '",
    "probes.*.tcp.dialogue.prompt": "'login: $'",
    "probes.*.tls.ca": '"${file:/etc/synthetics/ca.pem}"',
    "probes.*.tls.certificate": '"${file:/etc/synthetics/own.pem}"',
    "probes.*.tls.key": '"${file:/etc/synthetics/own-key.pem}"',
    "probes.*.tls.server_name": "mail.example",
    "probes.*.tls.expect.cipher": "GCM|CHACHA20",
    "probes.*.tls.expect.alpn": "h2",
    "probes.*.tls.expect.certificate.names": "[smtp.example]",
    "probes.*.tls.expect.certificate.issuer": "O=Let's Encrypt",
    "probes.*.tls.expect.certificate.subject": "CN=mail.example",
    "probes.*.tls.expect.certificate.sha256": "9f86d081884c7d659a2feaa0c55ad015"
    "a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "probes.*.tls.expect.certificate.ocsp": "stapled",
    "probes.*.udp.send": '{hex: "ff ff ff ff 54"}',
    "probes.*.websocket.connect": "wss://shop.example/feed",
    "probes.*.websocket.subprotocols": "[prices.v1]",
    "probes.*.websocket.dialogue": "[{expect: hello}]",
    "probes.*.websocket.dialogue.send": '"subscribe ${session}"',
    "probes.*.websocket.dialogue.expect": '\'"session": "(?P<session>[^"]+)"\'',
    "probes.*.websocket.dialogue.json": '{"$.type": price}',
    "probes.*.websocket.expect.subprotocol": "prices.v1",
    "Receiver.alertmanager": "{url: http://alertmanager:9093}",
    "Receiver.apprise": '{url: "tgram://123456789:${env:TELEGRAM_SECRET}/12345678"}',
    "Receiver.command": "{run: [/usr/local/bin/siren]}",
    "Receiver.discord": '{url: "${env:DISCORD_URL}"}',
    "Receiver.email": "{url: smtp://mail.example, from: pager@shop.example, "
    "to: [oncall@shop.example]}",
    "Receiver.ntfy": "{topic: checkout-alerts}",
    "Receiver.opsgenie": '{api_key: "${env:JSM_KEY}"}',
    "Receiver.slack": '{token: "${env:SLACK_TOKEN}", channel: "#oncall"}',
    "Receiver.teams": '{url: "${env:TEAMS_URL}"}',
    "Receiver.pagerduty": '{routing_key: "${file:/run/secrets/pd_key}"}',
    "Receiver.webhook": '{url: "${env:HOOK_URL}"}',
    "Auth.basic": '{username: probe, password: "${env:SHOP_PASSWORD}"}',
    "Auth.bearer": '"${env:SHOP_TOKEN}"',
    "Auth.digest": '{username: probe, password: "${env:SHOP_PASSWORD}"}',
    "BodyExpectation.contains": "[Welcome, Cart]",
    "BodyExpectation.json": '{"$.status": ok}',
    "BodyExpectation.not_contains": "Sorry",
    "BodyExpectation.regex": "'order [0-9]+'",
    "BodyExpectation.sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "CertificateExpectation.valid_for": "14d",
    "Captured.attribute": "value",
    "Captured.cookie": "session",
    "Captured.css": "'input[name=csrf]'",
    "Captured.header": "X-CSRF-Token",
    "Captured.json": "$.token",
    "Captured.regex": "'token=(\\w+)'",
    "Expect.body": "{contains: カート}",
    "Expect.certificate": "{valid_for: 14d}",
    "Expect.protocol": '"2"',
    "Expect.headers": "{Content-Type: {contains: html}}",
    "Expect.json": '{"$.items[0].sku": SKU-1, "$.total": {at_least: 1}}',
    "Expect.redirected_to": "/welcome",
    "Expect.status": "[200, 3xx]",
    "Expect.within": "800ms",
    "HeaderExpectation.contains": "text/html",
    "HeaderExpectation.equals": "no-store",
    "HeaderExpectation.regex": "'max-age=[1-9]'",
    "Login.password": '"${env:SHOP_PASSWORD}"',
    "Login.username": "probe",
    "Part.content": '"${file:receipt.pdf.txt}"',
    "Part.filename": "receipt.txt",
    "Part.type": "text/plain",
    "Redirects.follow": "3",
    "Step.name": "login",
    "Step.capture": "{csrf: {header: X-CSRF-Token}}",
    "Step.timeout": "5s",
    "Tls.ca": '"${file:/etc/shop/ca.pem}"',
    "Tls.certificate": '"${file:/etc/shop/client.pem}"',
    "Tls.key": '"${file:/etc/shop/client.key}"',
    "Tls.min_version": '"1.2"',
    "Tls.server_name": "shop.example",
    **{
        f"{owner}.{key}": example
        for owner in ("Options", "Step")
        for key, example in {
            "get": "https://shop.example/",
            "head": "https://shop.example/",
            "post": "https://shop.example/login",
            "put": "https://shop.example/cart/1",
            "patch": "https://shop.example/cart/1",
            "delete": "https://shop.example/cart/1",
            "options": "https://shop.example/cart",
            "headers": '{X-Api-Key: "${env:SHOP_KEY}"}',
            "query": "{q: shoes, page: 2}",
            "body": "ping",
            "json": "{sku: SKU-1, count: 1}",
            "form": '{user: probe, password: "${env:SHOP_PASSWORD}"}',
            "multipart": "{note: hello, file: {content: hello, filename: a.txt}}",
            "proxy": "http://proxy.example:3128",
            "resolve": "{shop.example: 192.0.2.7}",
            "auth": '{bearer: "${env:SHOP_TOKEN}"}',
            "expect": "{status: 200, within: 800ms}",
            "redirects": "{follow: 3}",
            "tls": "{server_name: shop.example}",
            "limits": "{body: 64KiB}",
        }.items()
    },
    "receivers.*.alertmanager.url": "http://alertmanager-0:9093",
    "receivers.*.alertmanager.peers": "[http://alertmanager-1:9093]",
    "receivers.*.alertmanager.labels": "{team: checkout}",
    "receivers.*.apprise.url": '"tgram://123456789:${env:TELEGRAM_SECRET}/12345678"',
    "receivers.*.command.run": '[/usr/local/bin/siren, --floor, "3"]',
    "receivers.*.command.env": '{SIREN_KEY: "${env:SIREN_KEY}"}',
    "receivers.*.discord.url": '"${env:DISCORD_URL}"',
    "receivers.*.email.url": "smtp://mail.shop.example",
    "receivers.*.email.user": "pager",
    "receivers.*.email.password": '"${env:SMTP_PASSWORD}"',
    "receivers.*.ntfy.topic": "checkout-alerts",
    "receivers.*.ntfy.token": '"${env:NTFY_TOKEN}"',
    "receivers.*.ntfy.url": "https://ntfy.shop.example",
    "receivers.*.opsgenie.api_key": '"${env:JSM_KEY}"',
    "receivers.*.opsgenie.url": "https://api.opsgenie.com",
    "receivers.*.pagerduty.url": "https://events.eu.pagerduty.com/v2/enqueue",
    "receivers.*.slack.url": '"${env:SLACK_URL}"',
    "receivers.*.slack.token": '"${env:SLACK_TOKEN}"',
    "receivers.*.slack.channel": '"#oncall"',
    "receivers.*.teams.url": '"${env:TEAMS_URL}"',
    "receivers.*.webhook.body": '{text: "${summary}"}',
    "receivers.*.webhook.previous_secret": '"${env:OLD_HOOK_SECRET}"',
    "Options.url": '"${env:HOOK_URL}"',
    "Options.secret": '"${env:HOOK_SECRET}"',
    "Options.routing_key": '"${file:/run/secrets/pd_key}"',
}
"""Examples of keys whose types do not bring their own, by group and key."""
