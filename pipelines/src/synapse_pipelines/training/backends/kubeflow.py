"""Training as a TrainJob of Kubeflow Trainer: torchrun on several nodes, data and model exchanged by way of S3."""

from __future__ import annotations

import contextlib
import uuid
import warnings
from typing import Any, Final

from synapse_pipelines.errors import TrainingError
from synapse_pipelines.progress import Event, OnEvent, parse_event
from synapse_pipelines.training.backends.base import TrainingJob, load_summary
from synapse_pipelines.training.backends.settings import KubeflowTraining
from synapse_pipelines.training.backends.staging import fetch_folder, put_job, staged
from synapse_pipelines.training.backends.termination import stopped_by_termination
from synapse_pipelines.training.train import TrainingSummary

with warnings.catch_warnings():
    # The SDK's settings are written for an older pydantic.
    warnings.simplefilter("ignore", DeprecationWarning)
    from kubeflow.common.types import KubernetesBackendConfig
    from kubeflow.trainer import CustomTrainerContainer, TrainerClient, options
    from kubeflow.trainer.constants.constants import TRAINJOB_COMPLETE, TRAINJOB_FAILED, TRAINJOB_RUNNING

_NODE: Final = "node"  # the job and the container of the torch runtimes that train
_CHECKPOINTS: Final = "/checkpoints"
_NOT_FOUND: Final = 404


class KubeflowBackend:
    """Runs a training on a cluster and waits for it."""

    def __init__(self, settings: KubeflowTraining) -> None:
        self._settings = settings

    def run(self, job: TrainingJob, on_event: OnEvent) -> TrainingSummary:
        """Train; see `TrainingBackend`. However it ends, SIGTERM included, TrainJob and staged files are removed."""
        name = f"synapse-training-{uuid.uuid4().hex[:12]}"
        address = f"{self._settings.staging.rstrip('/')}/{name}"
        config = str(self._settings.kubeconfig) if self._settings.kubeconfig else None
        client = TrainerClient(KubernetesBackendConfig(namespace=self._settings.namespace, config_file=config))
        with stopped_by_termination(), staged(address, on_event):
            on_event(Event("train", "running", f"uploading to {address}"))
            encoder = put_job(job, address)
            command = options.TrainerCommand(_command(address, encoder, self._settings))
            try:
                ends = options.ActiveDeadlineSeconds(int(self._settings.timeout_hours * 3600))  # if this step is lost
                told = [options.Name(name), ends, command, self._patch()]
                client.train(runtime=self._settings.runtime, trainer=self._trainer(), options=told)
                self._wait(client, name, on_event)
            except (RuntimeError, TimeoutError) as error:
                raise TrainingError(f"Kubeflow Trainer: {error}") from error
            finally:
                self._delete(client, name, on_event)
            fetch_folder(f"{address}/model", job.out)
        return load_summary(job.out)

    def _delete(self, client: Any, name: str, on_event: OnEvent) -> None:
        """Delete the TrainJob, where there is one: SIGTERM may come while it is being made."""
        try:
            client.delete_job(name)
        except (RuntimeError, TimeoutError) as error:
            if getattr(error.__cause__, "status", None) != _NOT_FOUND:
                on_event(Event("train", "running", f"{error}; it may still run"))

    def _trainer(self) -> Any:
        endpoint = self._settings.s3_endpoint
        return CustomTrainerContainer(
            image=self._settings.image,
            num_nodes=self._settings.nodes,
            resources_per_node=self._settings.resources,
            env={"SYNAPSE_S3_ENDPOINT": endpoint} if endpoint else None,
        )

    def _patch(self) -> Any:
        """What the pods get besides the runtime's own: their node pool, access to S3, the volume for checkpoints."""
        settings = self._settings
        claim, secret = settings.checkpoint_claim, settings.s3_secret
        container = options.ContainerPatch(
            name=_NODE,
            env=[
                {
                    "name": f"SYNAPSE_S3_{key.upper()}",
                    "valueFrom": {"secretKeyRef": {"name": secret, "key": key}},
                }
                for key in (("access_key_id", "secret_access_key") if secret else ())
            ],
            volume_mounts=[{"name": "checkpoints", "mountPath": _CHECKPOINTS}] if claim else [],
        )
        pod = options.PodSpecPatch(
            service_account_name=settings.service_account,
            node_selector=settings.node_selector,
            tolerations=[{"key": key, "operator": "Exists", "effect": "NoSchedule"} for key in settings.tolerate],
            volumes=[{"name": "checkpoints", "persistentVolumeClaim": {"claimName": claim}}] if claim else [],
            containers=[container],
        )
        template = options.JobTemplatePatch(spec=options.JobSpecPatch(template=options.PodTemplatePatch(spec=pod)))
        jobs = options.JobSetSpecPatch(replicated_jobs=[options.ReplicatedJobPatch(name=_NODE, template=template)])
        return options.RuntimePatch(
            training_runtime_spec=options.TrainingRuntimeSpecPatch(template=options.JobSetTemplatePatch(spec=jobs))
        )

    def _wait(self, client: Any, name: str, on_event: OnEvent) -> None:
        timeout, every = int(self._settings.timeout_hours * 3600), self._settings.poll_seconds
        ends = {TRAINJOB_COMPLETE, TRAINJOB_FAILED}
        on_event(Event("train", "running", f"TrainJob {self._settings.namespace}/{name} waits for its nodes"))
        client.wait_for_job_status(name, status={TRAINJOB_RUNNING, *ends}, timeout=timeout, polling_interval=every)
        reason = ""
        # The log tells of progress; a training is not lost because its log broke off.
        with contextlib.suppress(RuntimeError):
            for line in client.get_job_logs(name, follow=True):
                if (event := parse_event(line)) is None:
                    continue
                if event.state == "failed":
                    reason = event.message
                else:
                    on_event(event)
        ended = client.wait_for_job_status(name, status=ends, timeout=timeout, polling_interval=every)
        if ended.status == TRAINJOB_FAILED:
            raise TrainingError(reason or f"TrainJob {self._settings.namespace}/{name} failed; see its events and pods")


def _command(address: str, encoder: str, settings: KubeflowTraining) -> list[str]:
    """Return the container's command. The operator tells torchrun its place among the nodes by PET_* variables."""
    command = ["python", "-m", "torch.distributed.run", "-m", "synapse_pipelines.training.main"]
    command += ["--dataset", f"{address}/dataset", "--recipe", f"{address}/recipe.json", "--base-encoder", encoder]
    command += ["--out", f"{address}/model"]
    return command + (["--checkpoints", _CHECKPOINTS] if settings.checkpoint_claim else [])
