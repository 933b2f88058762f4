import pytest
from pydantic import ValidationError
from synapse_pipelines.training.backends.base import make_backend
from synapse_pipelines.training.backends.kubeflow import KubeflowBackend
from synapse_pipelines.training.backends.local import LocalBackend
from synapse_pipelines.training.backends.sagemaker import SageMakerBackend
from synapse_pipelines.training.backends.settings import BackendSettings

KUBEFLOW = {"image": "registry/pipelines:1", "staging": "s3://bucket/training"}
SAGEMAKER = KUBEFLOW | {"role_arn": "arn:aws:iam::1:role/train"}


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({}, LocalBackend),
        ({"backend": "kubeflow", "kubeflow": KUBEFLOW}, KubeflowBackend),
        ({"backend": "sagemaker", "sagemaker": SAGEMAKER, "kubeflow": KUBEFLOW}, SageMakerBackend),
    ],
)
def test_settings_choose_the_backend(given: dict[str, object], kind: type) -> None:
    assert isinstance(make_backend(BackendSettings.model_validate(given)), kind)


@pytest.mark.parametrize("name", ["kubeflow", "sagemaker"])
def test_a_chosen_backend_needs_its_settings(name: str) -> None:
    with pytest.raises(ValidationError, match=f"the {name} backend needs its settings: {name.upper()}__"):
        BackendSettings.model_validate({"backend": name})


def test_staging_is_an_s3_address() -> None:
    with pytest.raises(ValidationError, match="staging"):
        BackendSettings.model_validate({"kubeflow": KUBEFLOW | {"staging": "folder/x"}})
