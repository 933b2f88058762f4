import numpy as np
import numpy.typing as npt
from synapse_common.bundle import Bundle
from synapse_moderation.backends.tokenise import Ids, TextEncoder


def test_texts_are_padded_to_the_longest_and_masked_there(bundle: Bundle) -> None:
    windows = TextEncoder(bundle).encode(["good", "how are you"])
    ids, mask = windows.ids, windows.mask
    assert ids.dtype == mask.dtype == "int64"
    assert ids.shape == mask.shape == (2, 5)  # three words and two marks
    assert mask.tolist() == [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]
    assert ids[0, 3:].tolist() == [0, 0]


def test_a_text_of_nothing_but_invisible_signs_still_has_a_row(bundle: Bundle) -> None:
    ids = TextEncoder(bundle).encode(["\u200b"]).ids
    assert ids.shape == (1, 2)


def test_a_text_longer_than_the_model_takes_is_read_in_overlapping_windows(bundle: Bundle) -> None:
    max_tokens = bundle.manifest.max_tokens
    assert max_tokens is not None
    windows = TextEncoder(bundle).encode(["good", "good " * (2 * max_tokens), "how are you"])
    assert windows.ids.shape[1] == max_tokens
    assert windows.owners.tolist() == [0, *([1] * (len(windows.owners) - 2)), 2]
    per_window = max_tokens - 2  # two marks each
    read = windows.mask[windows.owners == 1].sum() - 2 * (windows.owners == 1).sum()
    assert read > 2 * max_tokens  # the overlap is read twice, and nothing is left out
    assert read <= 2 * max_tokens + per_window * (windows.owners == 1).sum()


def test_a_text_counts_as_its_strongest_window(bundle: Bundle) -> None:
    windows = TextEncoder(bundle).encode(["good " * 100])
    logits = np.arange(len(windows.owners) * 2, dtype=np.float32).reshape(-1, 2)
    assert windows.fold(logits).tolist() == [logits[-1].tolist()]


def test_windows_run_in_bounded_parts_and_are_folded_at_the_end(bundle: Bundle) -> None:
    windows = TextEncoder(bundle).encode(["how are you", "good " * 100, "bad"])
    shapes: list[tuple[int, ...]] = []

    def count_tokens(ids: Ids, mask: Ids) -> npt.NDArray[np.float32]:
        assert ids.shape == mask.shape
        shapes.append(ids.shape)
        return mask.sum(axis=1, keepdims=True).astype(np.float32)

    result = windows.run(count_tokens, 3)
    assert result.tolist() == [[5], [bundle.manifest.max_tokens], [3]]
    assert len(shapes) > 2
    assert sum(rows for rows, _ in shapes) == len(windows.owners)
    assert max(rows for rows, _ in shapes) == 3
    assert shapes[-1][1] == int(windows.mask[-shapes[-1][0] :].sum(axis=1).max())  # padded to its own longest
