"""
Bare TLS handshakes: what OpenSSL and the kernel cost, and next to nothing else.

The OpenSSL is the one that kind ``tls`` uses, offering the same; sockets block, nothing is judged
but the chain, nothing is kept.  Those of a quarter of a second come in a row, as a service's beats
do, since the first after a pause finds nothing in the processor's caches.  `vs_blackbox.py` runs it
beside the exporter.

    python benchmarks/handshakes.py 127.0.0.1:8443 ca.pem [--rate 124]
"""

from __future__ import annotations

import argparse
import socket
import time

from OpenSSL import SSL


def shake(context: SSL.Context, address: tuple[str, int]) -> None:
    """Connect, shake hands and hang up."""
    with socket.create_connection(address) as connected:
        connected.settimeout(None)
        connection = SSL.Connection(context, connected)
        connection.set_connect_state()
        connection.do_handshake()


def main() -> None:
    parser = argparse.ArgumentParser(description="Bare TLS handshakes, until it is ended.")
    parser.add_argument("target", help="HOST:PORT")
    parser.add_argument("ca", help="file of the authorities")
    parser.add_argument("--rate", type=int, default=124, help="handshakes a second")
    options = parser.parse_args()
    host, _, port = options.target.rpartition(":")
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.load_verify_locations(options.ca)
    context.set_verify(SSL.VERIFY_PEER)
    context.set_options(SSL.OP_NO_TICKET)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    in_a_row = options.rate // 4
    began = time.monotonic()
    done = 0
    while True:
        for _ in range(in_a_row):
            shake(context, (host, int(port)))
        done += in_a_row
        print(done, flush=True)
        time.sleep(max(0.0, began + done / options.rate - time.monotonic()))


if __name__ == "__main__":
    main()
