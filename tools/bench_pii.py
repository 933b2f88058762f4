"""Milliseconds that the fast PII profile takes for a message on one core, against its patterns alone.

The patterns alone are what no masking by these forms can go below: each searched once over the text, nothing checked.
CPU time of this process, so that what else runs on the machine does not count.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Final

from synapse_common.pii import mask_pii
from synapse_common.pii.patterns import AFTER_CLUES, BEFORE_CLUES, WITHOUT_DIGITS

from tools.bench import record

_LOOKS: Final = (*WITHOUT_DIGITS, *BEFORE_CLUES, *AFTER_CLUES)
_ROUNDS: Final = 7
_REPEATS: Final = 300
_MESSAGES: Final = {
    "plain words": "hi there, I wanted to ask about the order from last week since nothing has come so far and nobody "
    "answers at the shop, do you know what happened or whom I could ask about it? thanks a lot, see you",
    "numbers that are nothing": "on 12/05 at 10:30 we met 3 people of 25, paid 1.234,50 for 2 tickets, order 2024-118, "
    "version 1.2.3, room 101 on floor 12, and waited 45 minutes for bus 718 and 20 for the 36, gate 4",
    "e-mail and phone": "hi there, I wanted to ask about my order from last week, it was due on 12/05 but nothing "
    "came. Could you call me at 912 345 678 or write to ana.silva@example.com? Thanks a lot, see you later on",
    "everything at once": "NIF 212345672, CPF 529.982.247-25, IBAN PT50000201231234567890154, Rua Augusta 12, "
    "1100-048, card 4111 1111 1111 1111, born on 3 May 1990, call 912 345 678, a@example.com, 192.168.1.10 ok",
}
_HOSTILE: Final = {"digits": "1", "spaced digits": "1 ", "phones": "912 345 678 ", "cards": "4111 ", "colons": "1:"}


def milliseconds(run: Callable[[], object], repeats: int) -> float:
    """CPU milliseconds of one `run`, the best of some rounds."""
    best = float("inf")
    for _ in range(_ROUNDS):
        began = time.process_time()
        for _ in range(repeats):
            run()
        best = min(best, time.process_time() - began)
    return 1e3 * best / repeats


def patterns_alone(text: str) -> None:
    """Search every pattern once."""
    for look in _LOOKS:
        deque(look.pattern.finditer(text), maxlen=0)


def main() -> None:
    """Measure, and record."""
    messages = {}
    for name, text in _MESSAGES.items():
        whole = milliseconds(lambda text=text: mask_pii(text), _REPEATS)  # type: ignore[misc]
        raw = milliseconds(lambda text=text: patterns_alone(text), _REPEATS)  # type: ignore[misc]
        messages[name] = {"characters": len(text), "ms": whole, "patterns_alone_ms": raw, "ratio": whole / raw}
    hostile = {}
    for name, unit in _HOSTILE.items():
        short, long = (unit * (size // len(unit)) for size in (10_000, 100_000))
        one, ten = (milliseconds(lambda text=text: mask_pii(text), 1) for text in (short, long))  # type: ignore[misc]
        hostile[name] = {"ms_10000_characters": one, "ms_100000_characters": ten, "growth": ten / one}
    record("pii", {"goal_ms": 0.3, "messages": messages, "hostile": hostile})


if __name__ == "__main__":
    main()
