"""
A cluster of brokers on loopback: librdkafka's own, which its authors test clients against.

It speaks the real protocol, has topics, leaders, groups and errors on demand.  It has neither
TLS nor logins, keeps what it is sent as it came (no compression by the broker), and never loses
a replica: those come from `tests.probes.kafka_broker`.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any

_PRODUCER = 0
_P, _I, _S = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
_FUNCTIONS = {
    "conf_new": (_P,),
    "conf_set": (_I, _P, _S, _S, _S, ctypes.c_size_t),
    "new": (_P, _I, _P, _S, ctypes.c_size_t),
    "destroy": (None, _P),
    "mock_cluster_new": (_P, _P, _I),
    "mock_cluster_destroy": (None, _P),
    "mock_cluster_bootstraps": (_S, _P),
    "mock_topic_create": (_I, _P, _S, _I, _I),
    "mock_partition_set_leader": (_I, _P, _S, _I, _I),
    "mock_push_request_errors_array": (
        None, _P, ctypes.c_int16, ctypes.c_size_t, ctypes.POINTER(_I),
    ),
}  # fmt: skip


def _library() -> Any:
    """The functions above, by their names without ``rd_kafka_``."""
    found = [Path(str(one.locate())) for one in files("confluent-kafka") or ()]
    [path] = (one for one in found if re.match(r"librdkafka.*\.(so|dylib)", one.name))
    library = ctypes.CDLL(str(path))
    functions = {name: getattr(library, f"rd_kafka_{name}") for name in _FUNCTIONS}
    for name, (result, *arguments) in _FUNCTIONS.items():
        functions[name].restype, functions[name].argtypes = result, arguments
    return SimpleNamespace(**functions)


class MockCluster:
    """
    Args:
        library: librdkafka.
        handle: Its cluster.

    Attributes:
        servers: Where its brokers listen, ``host:port``; the first is broker 1.
    """

    def __init__(self, library: Any, handle: int) -> None:
        self._library = library
        self._handle = handle
        self.servers: list[str] = library.mock_cluster_bootstraps(handle).decode().split(",")

    def create(self, topic: str, partitions: int = 1, *, replicas: int = 3) -> None:
        """Have *topic*; the leader of each of its *partitions* is any broker."""
        assert not self._library.mock_topic_create(
            self._handle, topic.encode(), partitions, replicas
        )

    def lead(self, topic: str, partition: int, broker: int) -> None:
        """Let *broker*, or nobody if it is -1, lead *partition* of *topic*."""
        assert not self._library.mock_partition_set_leader(
            self._handle, topic.encode(), partition, broker
        )

    def refuse_once(self, api: int, code: int) -> None:
        """Answer the next question of kind *api* by error *code*."""
        errors = (ctypes.c_int * 1)(code)
        self._library.mock_push_request_errors_array(self._handle, api, 1, errors)


@contextmanager
def mock_cluster(topics: Mapping[str, int], brokers: int = 3) -> Iterator[MockCluster]:
    """A cluster with *topics*, by how many partitions each has."""
    library = _library()
    said = ctypes.create_string_buffer(512)
    settings = library.conf_new()
    library.conf_set(settings, b"log_level", b"0", said, len(said))
    client = library.new(_PRODUCER, settings, said, len(said))
    assert client, said.value
    handle = library.mock_cluster_new(client, brokers)
    try:
        cluster = MockCluster(library, handle)
        for topic, partitions in topics.items():
            cluster.create(topic, partitions, replicas=brokers)
        yield cluster
    finally:
        library.mock_cluster_destroy(handle)
        library.destroy(client)
