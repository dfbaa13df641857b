"""A shop's orders by gRPC: its types, and servers of grpcio that tell of them by reflection."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from grpc_reflection.v1alpha import reflection, reflection_pb2, reflection_pb2_grpc

SERVICE = "shop.v1.Orders"
TOKEN = "t0k3n-of-the-probe"


def field(
    name: str, number: int, kind: int, of: str = "", *, many: bool = False, json: str = ""
) -> Field:
    """One field of a message."""
    label = Field.LABEL_REPEATED if many else Field.LABEL_OPTIONAL
    return Field(
        name=name,
        number=number,
        type=kind,
        type_name=of or None,
        label=label,
        json_name=json or None,
    )


def money() -> descriptor_pb2.FileDescriptorProto:
    """What orders import."""
    file = descriptor_pb2.FileDescriptorProto(
        name="shop/v1/money.proto", package="shop.v1", syntax="proto3"
    )
    file.message_type.add(
        name="Money",
        field=[
            field("currency", 1, Field.TYPE_STRING),
            field("minor_units", 2, Field.TYPE_INT64, json="minorUnits"),
        ],
    )
    return file


def orders() -> descriptor_pb2.FileDescriptorProto:
    """Orders, and the service that has them."""
    file = descriptor_pb2.FileDescriptorProto(
        name="shop/v1/orders.proto",
        package="shop.v1",
        syntax="proto3",
        dependency=["shop/v1/money.proto", "google/protobuf/timestamp.proto"],
    )
    state = file.enum_type.add(name="State")
    for number, name in enumerate(("UNKNOWN", "PAID", "SHIPPED")):
        state.value.add(name=name, number=number)
    file.message_type.add(
        name="GetRequest",
        field=[
            field("id", 1, Field.TYPE_STRING),
            field("with_lines", 2, Field.TYPE_BOOL, json="withLines"),
        ],
    )
    file.message_type.add(
        name="Line",
        field=[field("sku", 1, Field.TYPE_STRING), field("count", 2, Field.TYPE_INT32)],
    )
    file.message_type.add(
        name="Order",
        field=[
            field("id", 1, Field.TYPE_STRING),
            field("state", 2, Field.TYPE_ENUM, ".shop.v1.State"),
            field("lines", 3, Field.TYPE_MESSAGE, ".shop.v1.Line", many=True),
            field("total", 4, Field.TYPE_MESSAGE, ".shop.v1.Money"),
            field("at", 5, Field.TYPE_MESSAGE, ".google.protobuf.Timestamp"),
            field("gift", 6, Field.TYPE_BOOL),
        ],
    )
    service = file.service.add(name="Orders")
    for name, streams in (("Get", False), ("Watch", True)):
        service.method.add(
            name=name,
            input_type=".shop.v1.GetRequest",
            output_type=".shop.v1.Order",
            server_streaming=streams,
        )
    return file


def files() -> Sequence[descriptor_pb2.FileDescriptorProto]:
    """All of them, each after those that it imports."""
    timestamp = descriptor_pb2.FileDescriptorProto()
    timestamp_pb2.DESCRIPTOR.CopyToProto(timestamp)
    return [timestamp, money(), orders()]


def descriptor_set(*only: descriptor_pb2.FileDescriptorProto) -> bytes:
    """What ``protoc --include_imports --descriptor_set_out`` writes."""
    written: bytes = descriptor_pb2.FileDescriptorSet(file=only or files()).SerializeToString()
    return written


class Shop:
    """Answers for the orders."""

    def __init__(self) -> None:
        self.pool = descriptor_pool.DescriptorPool()
        for file in files():
            self.pool.AddSerializedFile(file.SerializeToString())
        kinds = (
            message_factory.GetMessageClass(self.pool.FindMessageTypeByName(f"shop.v1.{name}"))
            for name in ("GetRequest", "Order")
        )
        self._asked, self._order = kinds

    def get(self, asked: Any, context: grpc.ServicerContext) -> Any:
        shown = dict(context.invocation_metadata()).get("authorization", "")
        if asked.id == "private" and shown != f"Bearer {TOKEN}":
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "who are you?")
        if asked.id == "none":
            context.abort(grpc.StatusCode.NOT_FOUND, "no such order")
        if asked.id == "slow":
            time.sleep(0.05)
        if not asked.id:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "which one?")
        order = self._order(id=asked.id, state=1, total={"currency": "JPY", "minor_units": 1 << 33})
        order.at.FromJsonString("2026-11-23T09:00:00Z")
        if asked.with_lines:
            order.lines.add(sku="SKU-1", count=2)
        return order

    def handlers(self) -> grpc.GenericRpcHandler:
        """Of its methods."""
        get = grpc.unary_unary_rpc_method_handler(
            self.get,
            request_deserializer=self._asked.FromString,
            response_serializer=self._order.SerializeToString,
        )
        return grpc.method_handlers_generic_handler(SERVICE, {"Get": get})


@contextlib.contextmanager
def shop(
    reflects: str = "", credentials: grpc.ServerCredentials | None = None, *, port: int = 0
) -> Iterator[int]:
    """A server that tells of its types by *reflects*, ``v1`` or ``v1alpha``; gives its port."""
    orders = Shop()
    server = grpc.server(ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((orders.handlers(),))
    servicer = reflection.ReflectionServicer([SERVICE], pool=orders.pool)
    if reflects == "v1alpha":
        reflection_pb2_grpc.add_ServerReflectionServicer_to_server(servicer, server)
    elif reflects == "v1":
        # The messages are the same; grpcio's own still goes by the older name.
        tell = grpc.stream_stream_rpc_method_handler(
            servicer.ServerReflectionInfo,
            request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
            response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
        )
        name = "grpc.reflection.v1.ServerReflection"
        methods = {"ServerReflectionInfo": tell}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, methods),))
    where = f"127.0.0.1:{port}"
    port = (
        server.add_secure_port(where, credentials)
        if credentials
        else server.add_insecure_port(where)
    )
    server.start()
    try:
        yield port
    finally:
        server.stop(None).wait()
