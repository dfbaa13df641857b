"""Sockets for kinds that speak a protocol of their own: names, connections, streams, TLS."""
