"""Which backend trains and what it needs to know: the same for settings and for the pipeline's parameter."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

_S3 = r"^s3://[^/]+(/.*)?$"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LocalTraining(_Frozen):
    """Training on this machine."""

    processes: int = Field(default=1, ge=1, description="workers; several are started by torchrun, one a GPU")


class KubeflowTraining(_Frozen):
    """Training as a TrainJob of Kubeflow Trainer."""

    image: str = Field(min_length=1, description="the pipelines image, for GPUs")
    staging: str = Field(pattern=_S3, description="where data and model are exchanged, e.g. s3://bucket/training")
    namespace: str = "synapse"
    runtime: str = Field(default="torch-distributed", description="(Cluster)TrainingRuntime, of torch")
    nodes: int = Field(default=1, ge=1)
    resources: dict[str, str] = Field(
        default={"nvidia.com/gpu": "8", "cpu": "32", "memory": "256Gi"}, description="requests and limits of a node"
    )
    node_selector: dict[str, str] = Field(
        default={"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-80GB"}, description="labels of the node pool"
    )
    tolerate: list[str] = Field(default=["nvidia.com/gpu"], description="keys of NoSchedule taints of the node pool")
    service_account: str | None = Field(default=None, description="for access to S3 without a key")
    s3_secret: str | None = Field(
        default=None, description="Secret with the keys access_key_id and secret_access_key, for S3 with a key"
    )
    s3_endpoint: str | None = Field(default=None, description="S3 as the pods reach it; null: AWS")
    checkpoint_claim: str | None = Field(
        default=None, description="ReadWriteMany volume claim for checkpoints; null: a lost pod starts training anew"
    )
    kubeconfig: Path | None = Field(default=None, description="null: the cluster this runs in, or the default file")
    timeout_hours: float = Field(default=12.0, gt=0)
    poll_seconds: int = Field(default=10, ge=1)


class SageMakerTraining(_Frozen):
    """Training as a SageMaker training job."""

    image: str = Field(min_length=1, description="the pipelines image in ECR")
    role_arn: str = Field(min_length=1, description="role that the job assumes")
    staging: str = Field(pattern=_S3, description="where data and model are exchanged, e.g. s3://bucket/training")
    region: str | None = None
    endpoint: str | None = Field(default=None, description="address of the SageMaker API; null: AWS")
    instance_type: str = "ml.p4d.24xlarge"
    instances: int = Field(default=1, ge=1)
    volume_gb: int = Field(default=100, ge=1)
    timeout_hours: float = Field(default=12.0, gt=0)
    poll_seconds: float = Field(default=15.0, gt=0)


class BackendSettings(_Frozen):
    """The chosen backend and its settings."""

    backend: Literal["local", "kubeflow", "sagemaker"] = "local"
    local: LocalTraining = LocalTraining()
    kubeflow: KubeflowTraining | None = None
    sagemaker: SageMakerTraining | None = None

    @model_validator(mode="after")
    def _chosen_is_set(self) -> BackendSettings:
        if getattr(self, self.backend) is None:
            raise ValueError(f"the {self.backend} backend needs its settings: {self.backend.upper()}__*")
        return self
