"""What a broker's error codes mean, as stable reasons."""

from __future__ import annotations

from probes.net.trip import Trouble

NAMES = {
    -1: "UNKNOWN_SERVER_ERROR",
    1: "OFFSET_OUT_OF_RANGE",
    2: "CORRUPT_MESSAGE",
    3: "UNKNOWN_TOPIC_OR_PARTITION",
    5: "LEADER_NOT_AVAILABLE",
    6: "NOT_LEADER_OR_FOLLOWER",
    7: "REQUEST_TIMED_OUT",
    8: "BROKER_NOT_AVAILABLE",
    9: "REPLICA_NOT_AVAILABLE",
    10: "MESSAGE_TOO_LARGE",
    14: "COORDINATOR_LOAD_IN_PROGRESS",
    15: "COORDINATOR_NOT_AVAILABLE",
    16: "NOT_COORDINATOR",
    17: "INVALID_TOPIC_EXCEPTION",
    18: "RECORD_LIST_TOO_LARGE",
    19: "NOT_ENOUGH_REPLICAS",
    20: "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
    24: "INVALID_GROUP_ID",
    29: "TOPIC_AUTHORIZATION_FAILED",
    30: "GROUP_AUTHORIZATION_FAILED",
    31: "CLUSTER_AUTHORIZATION_FAILED",
    32: "INVALID_TIMESTAMP",
    33: "UNSUPPORTED_SASL_MECHANISM",
    34: "ILLEGAL_SASL_STATE",
    35: "UNSUPPORTED_VERSION",
    44: "POLICY_VIOLATION",
    56: "KAFKA_STORAGE_ERROR",
    58: "SASL_AUTHENTICATION_FAILED",
    69: "GROUP_ID_NOT_FOUND",
    74: "FENCED_LEADER_EPOCH",
    87: "INVALID_RECORD",
    89: "THROTTLING_QUOTA_EXCEEDED",
}
"""Kafka's own names, by which people find more about them."""


def error_name(code: int) -> str:
    """How Kafka calls the error *code*."""
    return NAMES.get(code, f"error {code}")


def refusal(code: int, what: str) -> Trouble:
    """What the error *code* means for *what* was asked."""
    said = f"{what}: {error_name(code)}"
    if code in (3, 17):
        return Trouble("no-topic", said)
    if code in (5, 6, 8):
        return Trouble("no-leader", said)
    if code in (19, 20):
        return Trouble("in-sync", said)
    if code in (29, 30, 31):
        return Trouble("not-permitted", said)
    if code in (33, 34, 58):
        return Trouble("login", said)
    return Trouble("refused", said)
