import grpc
import numpy as np
import pytest
from gateway_fakes.predictors import FakeModerationPredictor
from synapse_common.errors import DeadlineExceeded, Internal, Unavailable
from synapse_gateway.clients.predictor import InputTensor, Predictor
from synapse_gateway.deadline import Deadline

Moderation = tuple[FakeModerationPredictor, Predictor]
EXPECTED = {"category_scores": ("FP32", (2, 8)), "flagged": ("BOOL", (2,))}
TEXTS = [InputTensor.of_texts("text", ["olá", "badword"])]


async def test_texts_arrive_and_arrays_come_back(moderation: Moderation) -> None:
    fake, predictor = moderation
    inference = await predictor.infer(TEXTS, EXPECTED, Deadline())
    assert fake.batches == [["olá", "badword"]]
    assert inference.model_version == "v1"
    assert inference.outputs["category_scores"].shape == (2, 8)
    assert inference.outputs["flagged"].tolist() == [False, True]


async def test_readiness_is_the_models(moderation: Moderation) -> None:
    fake, predictor = moderation
    await predictor.check_ready(Deadline())
    fake.name = "another"
    with pytest.raises(Unavailable, match="not loaded"):
        await predictor.check_ready(Deadline())


@pytest.mark.parametrize(
    "expected",
    [
        {"category_scores": ("FP32", (2, 9))},
        {"category_scores": ("FP64", (2, 8))},
        {"flagged": ("BOOL", (3,))},
        {"nothing": ("FP32", (2,))},
    ],
)
async def test_other_outputs_than_expected_are_nonsense(moderation: Moderation, expected: dict) -> None:
    with pytest.raises(Unavailable, match="nonsense"):
        await moderation[1].infer(TEXTS, expected, Deadline())


async def test_a_slow_predictor_is_not_waited_for(slow_moderation: Moderation) -> None:
    with pytest.raises(DeadlineExceeded, match="in time"):
        await slow_moderation[1].infer(TEXTS, EXPECTED, Deadline())


async def test_a_callers_deadline_that_has_passed_sends_nothing(moderation: Moderation) -> None:
    fake, predictor = moderation
    with pytest.raises(DeadlineExceeded, match="deadline of the call"):
        await predictor.infer(TEXTS, EXPECTED, Deadline.after(0))
    assert fake.batches == []


async def test_a_refusal_of_what_we_checked_is_our_fault(moderation: Moderation) -> None:
    fake, predictor = moderation
    fake.fails_with = grpc.StatusCode.INVALID_ARGUMENT
    with pytest.raises(Internal):
        await predictor.infer(TEXTS, EXPECTED, Deadline())


async def test_metadata_of_a_version_that_is_gone_is_unavailable(moderation: Moderation) -> None:
    assert (await moderation[1].metadata(Deadline())).model_version == "v1"
    with pytest.raises(Unavailable, match="changing its version"):
        await moderation[1].metadata(Deadline(), "v0")


def test_doubles_are_little_endian_rows() -> None:
    tensor = InputTensor.of_doubles("features", np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert tensor.shape == (2, 2)
    assert np.frombuffer(tensor.raw, "<f8").tolist() == [1.0, 2.0, 3.0, 4.0]
