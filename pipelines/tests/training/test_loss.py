import pandas as pd
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
