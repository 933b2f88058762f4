"""The part of values.schema.json that comes from the settings classes."""

import json

import pytest

from tools.chart_schema import SCHEMA, settings_schema, updated_schema
from tools.chart_services import SERVICES

EVERY_SERVICE = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.component)


def walk(schema):
    yield schema
    for value in schema.values():
        if isinstance(value, dict):
            yield from walk(value)


def dotted_names(model, path=""):
    for name, field in model.model_fields.items():
        yield f"{path}{name}"
        if hasattr(field.annotation, "model_fields"):
            yield from dotted_names(field.annotation, f"{path}{name}.")


def test_the_committed_schema_is_what_the_settings_say():
    assert SCHEMA.read_text() == updated_schema()


@EVERY_SERVICE
def test_what_the_chart_sets_itself_are_settings_of_the_service(service):
    assert service.chart_owned <= set(dotted_names(service.settings))


@EVERY_SERVICE
def test_no_secret_and_no_path_can_be_given_in_the_values(service):
    for part in walk(settings_schema(service)):
        assert not part.get("writeOnly"), "a secret in the values ends up in the release and in shell histories"
        assert part.get("format") != "path", "a path in the container is the chart's business"


@EVERY_SERVICE
def test_unknown_names_are_refused_at_every_level(service):
    for part in walk(settings_schema(service)):
        if "properties" in part and part.get("type") == "object":
            assert part["additionalProperties"] is False


def test_limits_of_a_setting_are_in_the_schema():
    moderation = next(service for service in SERVICES if service.key == "moderation")
    assert settings_schema(moderation)["properties"]["max_batch"]["minimum"] == 1


def test_every_value_is_described():
    def undescribed(schema, definitions, path):
        for name, value in schema.get("properties", {}).items():
            target = definitions.get(value.get("$ref", "").rpartition("/")[2], {})
            if not value.get("description") and not target.get("description"):
                yield f"{path}{name}"
            yield from undescribed(value, definitions, f"{path}{name}.")

    schema = json.loads(SCHEMA.read_text())
    definitions = {name: body for name, body in schema["$defs"].items() if not name.endswith("Settings")}
    assert list(undescribed(schema, schema["$defs"], "")) == []
    for name, body in definitions.items():
        assert list(undescribed(body, schema["$defs"], f"{name}.")) == [], name
