"""The same search by Katib on a cluster: the space as an Experiment whose trials are Jobs.

    python -m synapse_pipelines.search.katib experiment > experiment.yaml    # then kubectl apply -f experiment.yaml
    kubectl get experiment NAME -o json | python -m synapse_pipelines.search.katib best > recipe.json

The space, the trial (`synapse_pipelines.search.trial`), the objective and the algorithm are those of the Optuna study:
Katib's ``multivariate-tpe`` is Optuna's sampler. What differs is where trials run and who keeps them.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any, Final

import yaml
from kubeflow_katib_api import models as katib
from pydantic import Field
from pydantic_settings import SettingsConfigDict
from synapse_common.errors import SynapseError
from synapse_common.settings import SynapseSettings, load_settings

from synapse_pipelines.errors import TrainingError
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.search.optimise import RANDOM_TRIALS, UNPRUNED_LOOKS, UNPRUNED_TRIALS
from synapse_pipelines.search.space import FloatRange, IntRange, Parameter
from synapse_pipelines.search.trial import METRICS, RECIPE_VARIABLE, tuned
from synapse_pipelines.settings import load_training_settings

_CONTAINER: Final = "trial"
_WORD: Final = r"^[\w./:@-]+$"
"""Katib's metrics collector joins a container's command to one line of a shell."""


class KatibSettings(SynapseSettings):
    """What the trials of an Experiment need, from ``SYNAPSE_KATIB_*``."""

    model_config = SettingsConfigDict(env_prefix="SYNAPSE_KATIB_")

    name: str = Field(default="moderation-search", pattern=r"^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$")
    namespace: str = "synapse"
    image: str = Field(min_length=1, description="the pipelines image")
    dataset: str = Field(pattern=r"^s3://[\w./-]+$", description="address of a prepared data set")
    base_encoder: str = Field(pattern=_WORD, description="address of an encoder's folder, or Hugging Face id")
    resources: dict[str, str] = Field(
        default={"nvidia.com/gpu": "1", "cpu": "8", "memory": "32Gi"}, description="requests and limits of a trial"
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


def experiment(recipe: Recipe, settings: KatibSettings) -> dict[str, Any]:
    """Return the manifest of the Experiment that searches the recipe's space with as many trials as it asks for.

    Raises:
        TrainingError: the recipe asks for no trial.
    """
    search = recipe.search
    if not search.trials:
        raise TrainingError("the recipe asks for no trials: set its search.trials")
    names = list(search.space)
    objective, *others = METRICS
    stopping = katib.V1beta1EarlyStoppingSpec(
        algorithmName="medianstop",
        algorithmSettings=[
            katib.V1beta1EarlyStoppingSetting(name="min_trials_required", value=str(UNPRUNED_TRIALS)),
            katib.V1beta1EarlyStoppingSetting(name="start_step", value=str(UNPRUNED_LOOKS + 1)),
        ],
    )
    spec = katib.V1beta1ExperimentSpec(
        objective=katib.V1beta1ObjectiveSpec(
            type="maximize",
            objectiveMetricName=objective,
            additionalMetricNames=others,
            # The last line a trial prints is about the weights that it kept.
            metricStrategies=[katib.V1beta1MetricStrategy(name=name, value="latest") for name in METRICS],
        ),
        algorithm=katib.V1beta1AlgorithmSpec(
            algorithmName="multivariate-tpe",
            algorithmSettings=[
                katib.V1beta1AlgorithmSetting(name="n_startup_trials", value=str(RANDOM_TRIALS)),
                katib.V1beta1AlgorithmSetting(name="random_state", value=str(recipe.seed)),
            ],
        ),
        earlyStopping=stopping if search.prune else None,
        parameters=[_parameter(name, parameter) for name, parameter in search.space.items()],
        maxTrialCount=search.trials,
        parallelTrialCount=search.workers,
        maxFailedTrialCount=max(3, search.trials // 4),
        # The suggestions outlive the search, so that a higher maxTrialCount goes on with it.
        resumePolicy="LongRunning",
        metricsCollectorSpec=katib.V1beta1MetricsCollectorSpec(collector=katib.V1beta1CollectorSpec(kind="StdOut")),
        trialTemplate=katib.V1beta1TrialTemplate(
            primaryContainerName=_CONTAINER,
            retain=False,
            trialParameters=[katib.V1beta1TrialParameterSpec(name=name, reference=name) for name in names],
            trialSpec=_job(recipe, settings, names),
        ),
    )
    return {
        "apiVersion": "kubeflow.org/v1beta1",
        "kind": "Experiment",
        "metadata": {"name": settings.name, "namespace": settings.namespace},
        "spec": spec.to_dict(),
    }


def best_recipe(found: dict[str, Any]) -> Recipe:
    """Return the recipe with the settings of the best trial of an Experiment, as Kubernetes tells of it.

    It asks for no search: training with it does not search again.

    Raises:
        TrainingError: this is no Experiment of ours, or none of its trials has ended yet.
    """
    optimal = found.get("status", {}).get("currentOptimalTrial", {}).get("parameterAssignments")
    if not optimal:
        raise TrainingError("the Experiment has no best trial yet")
    try:
        (container,) = found["spec"]["trialTemplate"]["trialSpec"]["spec"]["template"]["spec"]["containers"]
        told = {one["name"]: one.get("value") for one in container["env"]}[RECIPE_VARIABLE]
    except (KeyError, ValueError) as error:
        raise TrainingError("this is no Experiment that searches the settings of a recipe") from error
    return tuned(Recipe.model_validate_json(told), {one["name"]: one["value"] for one in optimal}).without_search()


def _parameter(name: str, parameter: Parameter) -> katib.V1beta1ParameterSpec:
    if isinstance(parameter, FloatRange | IntRange):
        whole = isinstance(parameter, IntRange)
        feasible = katib.V1beta1FeasibleSpace(
            min=str(parameter.low),
            max=str(parameter.high),
            step="1" if whole else None,
            distribution="logUniform" if parameter.log else "uniform",
        )
        return katib.V1beta1ParameterSpec(name=name, parameterType="int" if whole else "double", feasibleSpace=feasible)
    values = [json.dumps(value) if not isinstance(value, str) else value for value in parameter.values]
    return katib.V1beta1ParameterSpec(
        name=name, parameterType="categorical", feasibleSpace=katib.V1beta1FeasibleSpace(list=values)
    )


def _job(recipe: Recipe, settings: KatibSettings, names: list[str]) -> dict[str, Any]:
    env: list[dict[str, Any]] = [{"name": RECIPE_VARIABLE, "value": recipe.model_dump_json()}]
    if settings.s3_endpoint is not None:
        env.append({"name": "SYNAPSE_S3_ENDPOINT", "value": settings.s3_endpoint})
    if settings.s3_secret is not None:
        env += [
            {
                "name": f"SYNAPSE_S3_{key.upper()}",
                "valueFrom": {"secretKeyRef": {"name": settings.s3_secret, "key": key}},
            }
            for key in ("access_key_id", "secret_access_key")
        ]
    command = ["python", "-m", "synapse_pipelines.search.trial"]
    command += ["--dataset", settings.dataset, "--base-encoder", settings.base_encoder]
    container = {
        "name": _CONTAINER,
        "image": settings.image,
        "command": [*command, *(f"{name}=${{trialParameters.{name}}}" for name in names)],
        "env": env,
        "resources": {"requests": settings.resources, "limits": settings.resources},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "scratch", "mountPath": "/tmp"}],  # noqa: S108  # a volume of the pod's own
    }
    pod: dict[str, Any] = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "nodeSelector": settings.node_selector,
        "tolerations": [{"key": key, "operator": "Exists", "effect": "NoSchedule"} for key in settings.tolerate],
        "containers": [container],
        "volumes": [{"name": "scratch", "emptyDir": {}}],
    }
    if settings.service_account is not None:
        pod["serviceAccountName"] = settings.service_account
    # A sidecar of the mesh would keep the Job from ending.
    template = {"metadata": {"annotations": {"sidecar.istio.io/inject": "false"}}, "spec": pod}
    return {"apiVersion": "batch/v1", "kind": "Job", "spec": {"backoffLimit": 0, "template": template}}


def main(arguments: list[str] | None = None) -> int:
    """Print the Experiment's manifest, or the best recipe of the Experiment on stdin; return the exit status."""
    parser = argparse.ArgumentParser(description="Search by Katib.")
    parser.add_argument("what", choices=["experiment", "best"], help="print the manifest, or read what was found")
    try:
        if parser.parse_args(arguments).what == "best":
            print(best_recipe(json.load(sys.stdin)).model_dump_json(indent=2))
        else:
            recipe = load_training_settings().effective_recipe
            print(yaml.safe_dump(experiment(recipe, load_settings(KatibSettings)), sort_keys=False), end="")
    except SynapseError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
