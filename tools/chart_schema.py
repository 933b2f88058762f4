"""Write the services' settings into the chart's values.schema.json, from the settings classes themselves.

So a wrong name or value below ``<service>.settings`` is refused by helm, before any pod starts, and the schema cannot
drift from the code: `chart_check` fails when it differs from what this writes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tools.chart_services import SERVICES, ChartService

SCHEMA = Path(__file__).resolve().parent.parent / "charts" / "synapse" / "values.schema.json"


def settings_schema(service: ChartService) -> dict[str, Any]:
    """JSON schema of the service's `settings` in the values: everything that the chart does not set itself."""
    schema = service.settings.model_json_schema()
    definitions = schema.pop("$defs", {})
    body = _object(schema, definitions, service.chart_owned, "")
    return {"description": f"More settings of {service.component}; each becomes {service.prefix}<NAME>.", **body}


def updated_schema() -> str:
    """values.schema.json as it must be, from its hand-written part and the settings classes."""
    schema = json.loads(SCHEMA.read_text())
    for service in SERVICES:
        schema["$defs"][f"{service.key}Settings"] = settings_schema(service)
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _object(schema: dict[str, Any], definitions: dict[str, Any], owned: frozenset[str], path: str) -> dict[str, Any]:
    properties = {}
    for name, field in schema.get("properties", {}).items():
        dotted = f"{path}{name}"
        if dotted not in owned:
            described = _field(field, definitions, owned, dotted)
            if described.get("properties", True):  # an object of which the chart sets every field is left out
                properties[name] = described
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _field(field: dict[str, Any], definitions: dict[str, Any], owned: frozenset[str], path: str) -> dict[str, Any]:
    """One field with references resolved; titles say nothing that the name does not."""
    if "$ref" in field:
        target = definitions[field["$ref"].rsplit("/", 1)[-1]]
        description = {"description": field["description"]} if "description" in field else {}
        if target.get("type") == "object":
            return {**description, **_object(target, definitions, owned, f"{path}.")}
        return {**{k: v for k, v in target.items() if k != "title"}, **description}
    resolved = {key: value for key, value in field.items() if key not in {"title", "env_names"}}
    for key in ("items", "additionalProperties"):
        if isinstance(resolved.get(key), dict):
            resolved[key] = _field(resolved[key], definitions, owned, path)
    if "anyOf" in resolved:
        resolved["anyOf"] = [_field(option, definitions, owned, path) for option in resolved["anyOf"]]
    return resolved


if __name__ == "__main__":
    SCHEMA.write_text(updated_schema())
