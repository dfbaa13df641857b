"""What the store hands out."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

from synthetics.sample import Sample
from synthetics.store.errors import StoreError


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """All samples of one probe from one location."""

    id: int
    probe: str
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """
    The samples of one series, in order of time; the n-th of each column is the n-th sample.

    Attributes:
        scheduled_ms: When each was due (type code ``q``), strictly ascending.
        codes: What each came to, one byte: see `synthetics.store.codes`.
        duration_us: How long the first attempt took, in microseconds (type code ``Q``).
    """

    scheduled_ms: array[int]
    codes: bytes
    duration_us: array[int]

    def __len__(self) -> int:
        return len(self.codes)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSample:
    """A sample as it was read back, with the series that it belongs to."""

    series_id: int
    sample: Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreStats:
    """
    How the writer is doing.  Counters start at 0 with the process.

    Attributes:
        queued: Samples that wait for a commit now.
        capacity: How many may, before `add` makes its caller wait.
        waits: How often a caller had to.
        waited_s: For how long, summed, in seconds.
        commits: Transactions committed.
        stored: Samples committed.
        dropped: Samples not stored because the disk was full.
        disk_full: Whether samples are being dropped now.
        last_commit_s: Duration of the latest transaction, fsync included, in seconds.
        wal_bytes: Size of the write-ahead log.
        file_bytes: Size of the database.
        failure: Why nothing can be written any more; ``None`` while all is well.
    """

    queued: int
    capacity: int
    waits: int
    waited_s: float
    commits: int
    stored: int
    dropped: int
    disk_full: bool
    last_commit_s: float
    wal_bytes: int
    file_bytes: int
    failure: StoreError | None
