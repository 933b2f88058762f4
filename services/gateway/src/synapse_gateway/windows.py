"""Cuts an answer into windows that can each be moderated, masked and shown before the rest has arrived.

Where a window ends depends on the text alone, never on the pieces it arrives in, and no match of a masking pattern
(`synapse_common.pii`) reaches over its end: masking the windows one by one gives what masking the whole text gives.

Patterns either hold no white space, or join their groups and words by single spaces of any width (``+351 912 345 678``,
``born on 3 May 1990``). So a window may end at any white space but a single space where such a match may go on.
"""

from __future__ import annotations

from synapse_common.pii import LONGEST_SPACED_MATCH, find_entities, may_go_on

from synapse_gateway.settings import StreamSettings

LONG_PLACEHOLDER = "<LONG>"
"""Stands for an unbroken string too long to be told from personal data."""

_SENTENCE_ENDS = (".", "!", "?", "…")
_CLOSERS = "\"')]»\u201d\u2019"  # closing quotation marks and brackets


class Windower:
    """Takes an answer piece by piece, gives its windows as soon as their ends are certain. Linear in the text."""

    def __init__(self, settings: StreamSettings) -> None:
        self._settings = settings
        self._withholding = False
        self._restart("")

    def feed(self, piece: str) -> list[str]:
        """Take the next piece; returns the windows that are complete now."""
        windows: list[str] = []
        for char in piece:
            self._push(char, windows)
        return windows

    def finish(self) -> list[str]:
        """The last window, when anything is left."""
        windows = [self._text] if self._text else []
        self._restart("")
        return windows

    def _restart(self, text: str) -> None:
        """Begin a window with `text`."""
        self._text = ""
        self._last_safe = 0  # last place where the window may end
        self._has_token = False  # so far there is more than white space
        for char in text:
            self._track(char)

    def _push(self, char: str, windows: list[str]) -> None:
        if self._withholding:
            if not char.isspace():
                return
            self._withholding = False
        # No match spans the last safe place, so only what came since can go on.
        if self._at_token_start(char) and not may_go_on(self._text[self._last_safe :], char):
            self._last_safe = len(self._text)
            if self._is_due():
                windows.append(self._text)
                self._restart("")
        self._track(char)
        if len(self._text) >= self._settings.hold_chars:
            self._overflow(windows)

    def _track(self, char: str) -> None:
        self._has_token = self._has_token or not char.isspace()
        self._text += char

    def _at_token_start(self, char: str) -> bool:
        return self._has_token and self._text[-1].isspace() and not char.isspace()

    def _is_due(self) -> bool:
        length = len(self._text)
        if length >= self._settings.max_window_chars:
            return True
        if length < self._settings.min_window_chars:
            return False
        words = self._text.rstrip()
        return "\n" in self._text[len(words) :] or words.rstrip(_CLOSERS).endswith(_SENTENCE_ENDS)

    def _overflow(self, windows: list[str]) -> None:
        """The text may be personal data for too long: end the window at a safe place, else at a harmless one."""
        text = self._text
        words = text.rstrip()
        spaces = text[len(words) :]
        if len(spaces) > 1:  # nothing but white space for long; no pattern reaches over two characters of it
            windows += [text] if words else []
            self._restart("")
        elif end := self._last_safe or self._end_inside_run():
            windows.append(text[:end])
            self._restart(text[end:])
        else:
            self._restart(LONG_PLACEHOLDER + spaces)
            self._withholding = not spaces

    def _end_inside_run(self) -> int:
        """The last token start in a long run that no entity reaches over and whose following text is known; or 0."""
        entities = find_entities(self._text)
        for end in range(len(self._text) - LONGEST_SPACED_MATCH, 0, -1):
            starts_token = self._text[end - 1].isspace() and not self._text[end].isspace()
            if starts_token and not any(start < end < stop for _, start, stop in entities):
                return end
        return 0


def split_windows(text: str, settings: StreamSettings) -> list[str]:
    """All windows of a whole answer: the same that a stream of it would have."""
    windower = Windower(settings)
    return [*windower.feed(text), *windower.finish()]
