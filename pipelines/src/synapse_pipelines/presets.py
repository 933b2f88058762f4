"""Recipes to start from."""

from __future__ import annotations

from typing import Final, Literal

from synapse_pipelines.augmentation.recipe import AugmentationRecipe
from synapse_pipelines.recipe import Recipe

Preset = Literal["tiny", "demo", "full"]

PRESETS: Final[dict[Preset, Recipe]] = {
    "tiny": Recipe(
        max_source_rows=900,
        threads=1,
        generated_lowest_threshold=0.85,
        layers=1,
        max_tokens=32,
        tokens_per_batch=256,
        epochs=3,
        learning_rate=1e-3,
        head_learning_rate=5e-3,
        chat_sample=100,
        must_beat_baseline=False,
        must_hold_against_champion=False,
        max_int8_cost=0.05,
        max_chat_flag_rate=1.0,
    ),
    "demo": Recipe(
        max_source_rows=48_000,
        max_train_rows=6_000,
        max_valid_rows=1_500,
        max_test_rows=1_500,
        augmentation=AugmentationRecipe(template_rows=3_000),
        chat_negatives=800,
        layers=6,
        max_tokens=64,
        min_rows_seen=8_000,
        max_minutes=4.0,
        max_false_positive_rate=0.08,
        # Some minutes of training do not reach a model that had all data.
        must_hold_against_champion=False,
        # On so few test rows half a point is noise.
        max_int8_cost=0.02,
    ),
    "full": Recipe(
        max_train_rows=64_000,
        pii_profile="full",
        augmentation=AugmentationRecipe(template_rows=42_000, obfuscated_share=0.07),
        chat_negatives=6_000,
        chat_sample=4_000,
        vocabulary=12_000,
        max_tokens=128,
        learning_rate=1e-4,
        evaluations=2,
        # Toxicity is half of the labelled posts, and its labels are the noisiest. The rare categories stand apart so
        # well that a low limit costs them little, and validation's few negatives vary less than live traffic does.
        max_false_positive_rates={
            "toxicity": 0.08,
            "hate/threatening": 0.03,
            "sexual": 0.03,
            "self-harm": 0.03,
            "violence": 0.03,
            "illicit": 0.03,
        },
        max_chat_flag_rate=0.05,
        int8_levels=18,
    ),
}
"""`tiny` proves the path in tests, `demo` fits some minutes on two cores, `full` draws on all data and takes up to two
hours of two cores, minutes of a GPU."""
