"""What a run says of its end."""

from __future__ import annotations

from tests.probes.support import Asker


async def test_what_a_target_says_moves_no_cursor(asker: Asker) -> None:
    watch = asker.watch(1)

    result = watch.bad("refused", "\x1b[2Jall \u202eis\u2028well\r\n\x00at 本店")

    assert result.detail == "[2Jall is well at 本店"
