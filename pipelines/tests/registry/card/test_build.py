import pytest
from synapse_pipelines.presets import PRESETS, Preset
from synapse_pipelines.registry.card.build import rebuild_command


@pytest.mark.parametrize(
    ("preset", "command"), [("full", "make release-model"), ("demo", "synapse train --preset demo")]
)
def test_a_preset_is_made_again_by_its_name(preset: Preset, command: str) -> None:
    assert rebuild_command(PRESETS[preset]) == command


def test_another_recipe_is_made_again_from_the_card() -> None:
    assert "jq -c .model.recipe card.json" in rebuild_command(PRESETS["full"].model_copy(update={"epochs": 9}))
