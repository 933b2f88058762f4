import pandas as pd
import pytest
import torch
from synapse_common.taxonomy import COLUMNS
from synapse_pipelines.training.loss import label_tensor, masked_bce, positive_weights

NAN = float("nan")


def test_labels_become_one_zero_or_nan() -> None:
    rows = pd.DataFrame([dict.fromkeys(COLUMNS, value) for value in (True, False, None)]).astype("boolean")
    labels = label_tensor(rows)
    assert labels[:2].tolist() == [[1.0] * 8, [0.0] * 8]
    assert labels[2].isnan().all()


def test_unknown_labels_have_neither_loss_nor_gradient() -> None:
    logits = torch.zeros((1, 8), requires_grad=True)
    labels = torch.tensor([[1.0, 0.0, NAN, NAN, NAN, NAN, NAN, NAN]])
    loss = masked_bce(logits, labels, torch.ones(8), torch.ones(1), known=2)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(loss.detach(), torch.log(torch.tensor(2.0)))
    assert logits.grad is not None
    assert logits.grad[0].tolist() == [-0.25, 0.25, 0, 0, 0, 0, 0, 0]


def test_a_batch_without_any_label_has_no_loss() -> None:
    assert masked_bce(torch.ones((2, 8)), torch.full((2, 8), NAN), torch.ones(8), torch.ones(2), known=0) == 0


def test_positive_weights_are_the_capped_root_of_the_imbalance() -> None:
    labels = torch.full((100, 8), NAN)
    labels[:, 0] = 0
    labels[:4, 0] = 1  # 4 of 100
    labels[:, 1] = 0  # an empty class
    labels[:, 2] = 1
    weights = positive_weights(labels, cap=5.0)
    torch.testing.assert_close(weights[:4], torch.tensor([24.0**0.5, 5.0, 1.0, 1.0]))


def test_soft_labels_pull_both_ways_by_their_share() -> None:
    logits = torch.zeros((1, 8), requires_grad=True)
    labels = torch.full((1, 8), NAN)
    labels[0, 0] = 0.75
    masked_bce(logits, labels, torch.ones(8), torch.ones(1), known=1).backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert logits.grad[0, 0] == pytest.approx(-0.25)


def test_a_row_s_weight_multiplies_its_loss_and_nothing_else() -> None:
    logits, labels = torch.randn((2, 8)), torch.ones((2, 8))
    first, second = (masked_bce(logits[[row]], labels[[row]], torch.ones(8), torch.ones(1), 16) for row in (0, 1))
    both = masked_bce(logits, labels, torch.ones(8), torch.tensor([3.0, 0.0]), 16)
    torch.testing.assert_close(both, 3 * first + 0 * second)


def test_shares_of_a_step_add_up_to_its_mean_however_it_is_split() -> None:
    torch.manual_seed(0)
    logits, labels = torch.randn((9, 8)), torch.randint(0, 2, (9, 8)).float()
    labels[torch.rand((9, 8)) < 0.5] = NAN
    known = float((~labels.isnan()).sum())
    whole = masked_bce(logits, labels, torch.full((8,), 2.0), torch.ones(9), known)
    parts = [
        masked_bce(logits[rows], labels[rows], torch.full((8,), 2.0), torch.ones(len(rows)), known)
        for rows in ([0, 3, 6], [1, 4, 7, 8], [2, 5])
    ]
    torch.testing.assert_close(torch.stack(parts).sum(), whole)


def test_soft_positives_count_by_their_share() -> None:
    labels = torch.full((100, 8), 0.2)
    torch.testing.assert_close(positive_weights(labels, cap=5.0), torch.full((8,), 2.0))
