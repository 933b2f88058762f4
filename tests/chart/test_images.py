"""The Dockerfiles, and the list of them that skaffold has."""

import re

import pytest
import yaml
from synapse_pipelines.settings import TrainingSettings

from tools.chart_binaries import ROOT
from tools.chart_render import CHART
from tools.chart_services import SERVICES

DOCKERFILES = sorted([*ROOT.glob("services/*/Dockerfile"), ROOT / "pipelines/Dockerfile"])
EVERY_IMAGE = pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)


def last_stage(path):
    return path.read_text().rpartition("\nFROM ")[2]


def instruction(path, name):
    (value,) = re.findall(rf"^{name} (.+)$", last_stage(path), re.MULTILINE)
    return value


def test_there_is_one_for_each_service_and_one_for_the_pipelines():
    folders = {path.parent.name for path in DOCKERFILES}
    assert folders == {service.package for service in SERVICES} | {"local_upstream", "pipelines"}


@EVERY_IMAGE
def test_it_runs_as_a_numeric_user_without_rights(path):
    # A name instead of a number would make runAsNonRoot fail: the kubelet cannot look names up in the image.
    assert instruction(path, "USER") == "65532:65532"


@EVERY_IMAGE
def test_only_the_finished_environment_reaches_the_image(path):
    tagger = ["models/pii /models/pii"] if path.parent.name == "pipelines" else []
    assert re.findall(r"^COPY (.+)$", last_stage(path), re.MULTILINE) == ["--from=build /venv /venv", *tagger]
    assert not re.findall(r"^RUN ", last_stage(path), re.MULTILINE)


def test_the_steps_find_the_tagger_in_their_image():
    assert "!models/pii" in (ROOT / ".dockerignore").read_text().splitlines()
    assert "SYNAPSE_TRAINING_PII_TAGGER=/models/pii" in last_stage(ROOT / "pipelines/Dockerfile")
    assert "pii_tagger" in TrainingSettings.model_fields
    assert (ROOT / "models/pii/tagger.json").is_file()


@EVERY_IMAGE
def test_base_images_have_a_version(path):
    for image in re.findall(r"^FROM (\S+)", path.read_text(), re.MULTILINE):
        assert re.search(r":\d", image), f"{image} does not say which version"


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.component)
def test_it_starts_the_service_and_exposes_its_ports(service):
    path = ROOT / "services" / service.package / "Dockerfile"
    fields = service.settings.model_fields
    ports = {str(fields[name].default) for name in ("grpc_port", "rest_port", "metrics_port") if name in fields}

    assert instruction(path, "ENTRYPOINT") == f'["python", "-m", "synapse_{service.package}"]'
    assert set(instruction(path, "EXPOSE").split()) == ports


def test_skaffold_builds_every_image_and_installs_the_services():
    skaffold = yaml.safe_load((ROOT / "skaffold.yaml").read_text())
    artifacts = {item["docker"]["dockerfile"]: item["image"] for item in skaffold["build"]["artifacts"]}
    (release,) = skaffold["deploy"]["helm"]["releases"]
    values = yaml.safe_load((CHART / "values.yaml").read_text())

    assert set(artifacts) == {str(path.relative_to(ROOT)) for path in DOCKERFILES}
    assert ROOT / release["chartPath"] == CHART
    for service in SERVICES:
        image = artifacts[f"services/{service.package}/Dockerfile"]
        assert values[service.key]["image"]["repository"] == image
        for part in ("repository", "tag"):
            name = {"repository": "REPO", "tag": "TAG"}[part]
            template = release["setValueTemplates"][f"{service.key}.image.{part}"]
            assert template == f"{{{{.IMAGE_{name}_{image.replace('-', '_')}}}}}"
