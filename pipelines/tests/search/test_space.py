import pytest
from pydantic import ValidationError
from synapse_pipelines.presets import PRESETS, Preset
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.search.recipe import SearchRecipe
from synapse_pipelines.search.space import Choice, FloatRange, IntRange
from synapse_pipelines.settings import TrainingSettings


@pytest.mark.parametrize("preset", list(PRESETS))
def test_every_preset_lies_in_the_space_so_that_a_search_starts_from_it(preset: Preset) -> None:
    recipe = PRESETS[preset]
    assert [name for name, one in recipe.search.space.items() if not one.holds(getattr(recipe, name))] == []


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"dropouts": FloatRange(low=0, high=0.5)}, "dropouts, which is no setting"),
        ({"dropout": FloatRange(low=0, high=1)}, "dropout is searched at 1.0: Input should be less than 1"),
        ({"epochs": IntRange(low=0, high=2)}, "epochs is searched at 0"),
        ({"epochs": FloatRange(low=1, high=2.5)}, "epochs is searched at 1.0"),
        ({"precision": Choice(values=("float32", "int4"))}, "precision is searched at int4"),
    ],
)
def test_a_space_that_does_not_fit_the_recipe_is_refused(space: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Recipe.model_validate({"search": {"space": space}})


@pytest.mark.parametrize(
    "wrong", [{"low": 2, "high": 1}, {"low": 1, "high": 1}, {"low": 0, "high": 1, "log": True}, {"low": 1, "step": 2}]
)
def test_a_range_that_is_none_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        FloatRange.model_validate(wrong)


def test_a_space_survives_json() -> None:
    space = {"layers": Choice(values=(4, 6)), "dropout": FloatRange(low=0, high=0.3)}
    recipe = Recipe(search=SearchRecipe(trials=3, space=space))
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


def test_the_address_of_the_database_may_not_carry_a_password() -> None:
    with pytest.raises(ValidationError, match="PGPASSWORD"):
        TrainingSettings(search_database="postgresql+psycopg://synapse:secret@db/studies")
    assert TrainingSettings(search_database="postgresql+psycopg://synapse@db/studies").search_database
