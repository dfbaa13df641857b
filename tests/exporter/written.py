"""The module file that both read; words in capitals are filled in."""

from __future__ import annotations

MODULES = r"""
modules:
  http_2xx: {prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4}}
  http_404: {prober: http, http: {preferred_ip_protocol: ip4, valid_status_codes: [404]}}
  http_stay: {prober: http, http: {preferred_ip_protocol: ip4, follow_redirects: false}}
  http_stay_of_old:
    prober: http
    http: {preferred_ip_protocol: ip4, no_follow_redirects: true}
  http_go_of_old:
    prober: http
    http: {preferred_ip_protocol: ip4, follow_redirects: false, no_follow_redirects: false}
  http_post: {prober: http, http: {preferred_ip_protocol: ip4, method: POST, body: "a=1"}}
  http_tls: {prober: http, http: {preferred_ip_protocol: ip4, tls_config: {ca_file: CA_FILE}}}
  http_insecure:
    prober: http
    http: {preferred_ip_protocol: ip4, tls_config: {insecure_skip_verify: true}}
  http_no_tls:
    prober: http
    http: {preferred_ip_protocol: ip4, fail_if_ssl: true, tls_config: {ca_file: CA_FILE}}
  http_must_tls: {prober: http, http: {preferred_ip_protocol: ip4, fail_if_not_ssl: true}}
  http_body:
    prober: http
    http: {preferred_ip_protocol: ip4, fail_if_body_not_matches_regexp: ["all is w[e]ll"]}
  http_not_body:
    prober: http
    http: {preferred_ip_protocol: ip4, fail_if_body_matches_regexp: ["all is well"]}
  http_header:
    prober: http
    http:
      preferred_ip_protocol: ip4
      fail_if_header_not_matches: [{header: x-shop, regexp: "^b$"}]
      fail_if_header_matches: [{header: X-Missing, regexp: ".*", allow_missing: true}]
  http_version: {prober: http, http: {preferred_ip_protocol: ip4, valid_http_versions: [HTTP/2.0]}}
  http_gzip: {prober: http, http: {preferred_ip_protocol: ip4, compression: gzip}}
  http_small: {prober: http, http: {preferred_ip_protocol: ip4, body_size_limit: 4B}}
  http_auth:
    prober: http
    http: {preferred_ip_protocol: ip4, basic_auth: {username: me, password: secret-word}}
  http_six: {prober: http, http: {preferred_ip_protocol: ip6, ip_protocol_fallback: false}}
  http_host: {prober: http, http: {preferred_ip_protocol: ip4, headers: {Host: shop.test}}}
  http_tls12:
    prober: http
    http: {preferred_ip_protocol: ip4, tls_config: {ca_file: CA_FILE, max_version: TLS12}}
  http_proxy: &proxied
    prober: http
    http: &proxy
      preferred_ip_protocol: ip4
      proxy_url: http://127.0.0.1:PROXY_PORT
      tls_config: {ca_file: CA_FILE}
  http_proxy_unresolved: {<<: *proxied, http: {<<: *proxy, skip_resolve_phase_with_proxy: true}}
  http_proxy_header: {<<: *proxied, http: {<<: *proxy, proxy_connect_header: {X-Pass: [let-me]}}}
  http_token:
    prober: http
    http:
      preferred_ip_protocol: ip4
      oauth2: &token
        client_id: me & you
        client_secret: secret-word
        token_url: http://127.0.0.1:TOKEN_PORT/token
        scopes: [read, write]
        endpoint_params: {audience: shop}
  http_token_in_form:
    prober: http
    http:
      preferred_ip_protocol: ip4
      oauth2: {<<: *token, token_url: http://127.0.0.1:TOKEN_PORT/form}
  tcp_connect: {prober: tcp, timeout: 2s}
  tcp_tls12: {prober: tcp, tcp: {tls: true, tls_config: {ca_file: CA_FILE, max_version: TLS12}}}
  tcp_tls11: {prober: tcp, tcp: {tls: true, tls_config: {ca_file: CA_FILE, max_version: TLS11}}}
  tcp_tls: {prober: tcp, tcp: {tls: true, tls_config: {ca_file: CA_FILE}}}
  tcp_talk:
    prober: tcp
    timeout: 1s
    tcp:
      query_response:
        - expect: "^220 ([^ ]+) (?P<what>.+)$"
          send: "EHLO $1"
        - expect: "^250-STARTTLS"
        - send: "STARTTLS"
        - expect: "^220"
        - starttls: true
        - send: QUIT
        - expect: "^221"
      tls_config: {ca_file: CA_FILE}
  tcp_other: {prober: tcp, timeout: 1s, tcp: {query_response: [{send: QUIT}, {expect: "^999"}]}}
  dns_www: {prober: dns, timeout: 2s, dns: {query_name: www.shop.test, query_type: A}}
  dns_tcp:
    prober: dns
    timeout: 2s
    dns: {query_name: www.shop.test, query_type: A, transport_protocol: tcp}
  dns_soa: {prober: dns, timeout: 2s, dns: {query_name: shop.test, query_type: SOA}}
  dns_none: {prober: dns, timeout: 2s, dns: {query_name: none.shop.test, query_type: A}}
  dns_none_wanted:
    prober: dns
    timeout: 2s
    dns: {query_name: none.shop.test, query_type: A, valid_rcodes: [NXDOMAIN]}
  dns_records:
    prober: dns
    timeout: 2s
    dns:
      query_name: www.shop.test
      query_type: A
      validate_answer_rrs:
        fail_if_not_matches_regexp: ["www.shop.test.\t300\tIN\tA\t192.0.2.[12]"]
        fail_if_none_matches_regexp: ["192\\.0\\.2\\.2$"]
        fail_if_matches_regexp: ["127.0.0.1"]
  dns_all: &all
    prober: dns
    timeout: 2s
    dns:
      query_name: www.shop.test
      query_type: A
      validate_answer_rrs: {fail_if_all_match_regexp: ["192.0.2"]}
  dns_same: *all
  dns_some:
    prober: dns
    timeout: 2s
    dns:
      query_name: www.shop.test
      query_type: A
      validate_answer_rrs: {fail_if_all_match_regexp: ["192.0.2.1"]}
  dns_tls:
    prober: dns
    timeout: 2s
    dns:
      query_name: www.shop.test
      query_type: A
      transport_protocol: tcp
      dns_over_tls: true
      tls_config: {ca_file: CA_FILE}
  grpc: {prober: grpc, timeout: 2s, grpc: {preferred_ip_protocol: ip4}}
  grpc_down: {prober: grpc, timeout: 2s, grpc: {preferred_ip_protocol: ip4, service: down}}
  grpc_none: {prober: grpc, timeout: 2s, grpc: {preferred_ip_protocol: ip4, service: none}}
  grpc_tls:
    prober: grpc
    timeout: 2s
    grpc: {preferred_ip_protocol: ip4, tls: true, tls_config: {ca_file: CA_FILE}}
  grpc_other_name:
    prober: grpc
    timeout: 2s
    grpc:
      preferred_ip_protocol: ip4
      tls: true
      tls_config: {ca_file: CA_FILE, server_name: other.test}
  grpc_same_name:
    prober: grpc
    timeout: 2s
    grpc:
      preferred_ip_protocol: ip4
      tls: true
      tls_config: {ca_file: CA_FILE, server_name: localhost}
  grpc_system: {prober: grpc, timeout: 2s, grpc: {preferred_ip_protocol: ip4, tls: true}}
  grpc_insecure:
    prober: grpc
    timeout: 2s
    grpc: {preferred_ip_protocol: ip4, tls: true, tls_config: {insecure_skip_verify: true}}
  grpc_old:
    prober: grpc
    timeout: 2s
    grpc:
      preferred_ip_protocol: ip4
      tls: true
      tls_config: {ca_file: CA_FILE, max_version: TLS12}
  grpc_six:
    prober: grpc
    timeout: 2s
    grpc: {preferred_ip_protocol: ip6, ip_protocol_fallback: false}
  grpc_default: {prober: grpc, timeout: 2s}
  grpc_empty: {prober: grpc, timeout: 2s, grpc: {service: ""}}
  icmp: {prober: icmp, timeout: 2s}
  icmp_far: {prober: icmp, timeout: 2s, icmp: {ttl: 3, payload_size: 1000}}
"""
