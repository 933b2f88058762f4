import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from synapse_common.language import detect_language
from synapse_common.taxonomy import COLUMNS
from synapse_pipelines.data.dataset import REPORT_FILE, load_info, load_split, markdown_summary, reference_rows
from synapse_pipelines.data.prepare import prepare_dataset
from synapse_pipelines.data.split import SPLITS
from synapse_pipelines.errors import DataError
from synapse_pipelines.recipe import Recipe

RECIPE = Recipe(chat_negatives=50, chat_sample=40)


@pytest.fixture(scope="module")
def labelled_tables(source_tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables that do not say they are generated, as real ones would not."""
    folder = tmp_path_factory.mktemp("labelled") / "tables"
    shutil.copytree(source_tables, folder)
    rows = pd.read_parquet(folder / "annotations.parquet").assign(source="people").astype({"illicit": "boolean"})
    rows.loc[rows.index[:40], "illicit"] = pd.NA
    rows.to_parquet(folder / "annotations.parquet", index=False)
    chat = pd.read_parquet(folder / "chat_logs.parquet")
    chat["text"] += [f", message number {number}" for number in range(len(chat))]
    chat.to_parquet(folder / "chat_logs.parquet", index=False)
    return folder


@pytest.fixture(scope="module")
def dataset(labelled_tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dataset")
    prepare_dataset(labelled_tables, RECIPE, out)
    return out


def test_no_text_is_in_two_splits(dataset: Path) -> None:
    keys = [set(load_split(dataset, split)["key"]) for split in ("train", "valid", "test")]
    assert not keys[0] & keys[1]
    assert not keys[0] & keys[2]
    assert not keys[1] & keys[2]


def test_chat_is_in_train_and_validation_but_never_in_test(dataset: Path) -> None:
    sources = {split: set(load_split(dataset, split)["source"]) for split in ("train", "valid", "test")}
    assert sources["test"] == {"people"}
    assert sources["train"] == sources["valid"] == {"people", "chat_logs"}


def test_everyday_chat_for_the_flag_rate_is_not_trained_on(dataset: Path) -> None:
    chat = set(pd.read_parquet(dataset / "chat.parquet")["text"])
    assert chat
    assert not chat & set(load_split(dataset, "train")["text"])


def test_unknown_labels_stay_unknown(dataset: Path) -> None:
    train = load_split(dataset, "train")
    assert train["illicit"].isna().any()
    assert train.loc[train["source"] == "chat_logs", "toxicity"].isna().all()


def test_the_description_counts_what_is_there(dataset: Path) -> None:
    info = load_info(dataset)
    train = load_split(dataset, "train")
    assert info.name == "labelled"
    assert info.rows["train"] == len(train)
    assert info.generated_rows_in_train == 0
    assert info.chat_negatives == 50
    assert info.positives["train"]["hate"] == train["hate"].sum()
    assert sum(info.sources.values()) == sum(info.rows.values()) - info.chat_negatives
    assert info.version in markdown_summary(info)


def test_equal_inputs_give_an_equal_version_and_other_recipes_another(labelled_tables: Path, tmp_path: Path) -> None:
    versions = [
        prepare_dataset(labelled_tables, recipe, tmp_path / str(n)).version
        for n, recipe in enumerate((RECIPE, RECIPE, RECIPE.model_copy(update={"max_train_rows": 100})))
    ]
    assert versions[0] == versions[1] != versions[2]


def test_a_generated_source_is_called_so_and_not_mixed_with_more(source_tables: Path, tmp_path: Path) -> None:
    info = prepare_dataset(source_tables, RECIPE, tmp_path)
    assert info.name == "generated"
    assert info.generated_rows_in_train == info.rows["train"]
    assert all(info.positives["train"][column] > 0 for column in COLUMNS)


def test_training_on_generated_data_sees_no_sentence_of_the_other_splits(source_tables: Path, tmp_path: Path) -> None:
    info = prepare_dataset(source_tables, RECIPE, tmp_path)
    sentences = {split: set(load_split(tmp_path, split)["source"]) for split in ("train", "valid", "test")}
    # Every row of a generated data set names the sentence it was made from; chat would not.
    assert all(source.startswith("generated/") for found in sentences.values() for source in found)
    assert not sentences["train"] & (sentences["valid"] | sentences["test"])
    assert info.chat_negatives == 0


def test_length_and_language_for_the_reference_are_those_of_the_text_as_it_came_in(
    labelled_tables: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(labelled_tables, tmp_path / "tables")
    rows = pd.read_parquet(folder / "annotations.parquet")
    address = " write to   somebody.with.a.long.name@example.org"
    rows["text"] = [f"number {number}: {text}{address}" for number, text in enumerate(rows["text"])]
    rows.to_parquet(folder / "annotations.parquet", index=False)
    prepare_dataset(folder, RECIPE, tmp_path / "out")
    reference = reference_rows(tmp_path / "out")
    came_in = rows.set_index(rows["text"].str.extract(r"^number (\d+):", expand=False))["text"]
    expected = reference["text"].str.extract(r"^number (\d+):", expand=False).map(came_in)
    assert reference["raw_length"].tolist() == expected.str.len().tolist()
    assert (reference["raw_length"] > reference["text"].str.len()).all()
    assert reference["raw_language"].tolist() == expected.map(detect_language).tolist()
    assert not reference["text"].str.contains("example.org").any()


def test_the_reference_holds_labelled_validation_rows_alone(dataset: Path) -> None:
    reference, valid = reference_rows(dataset), load_split(dataset, "valid")
    assert set(reference["source"]) == {"people"}
    assert len(reference) == (valid["source"] == "people").sum()
    assert "chat_logs" in set(valid["source"])


def test_generated_rows_are_in_the_reference_only_where_all_are_generated(
    labelled_tables: Path, source_tables: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(labelled_tables, tmp_path / "tables")
    real = pd.read_parquet(folder / "annotations.parquet").assign(label_quality="gold")
    made = pd.read_parquet(source_tables / "annotations.parquet")
    made["text"] += " indeed"
    pd.concat([real, made.astype({"illicit": "boolean"})]).to_parquet(folder / "annotations.parquet", index=False)
    prepare_dataset(folder, RECIPE, tmp_path / "mixed")
    assert load_split(tmp_path / "mixed", "valid")["source"].str.startswith("generated/").any()
    assert set(reference_rows(tmp_path / "mixed")["source"]) == {"people"}
    prepare_dataset(source_tables, RECIPE, tmp_path / "generated")
    assert len(reference_rows(tmp_path / "generated")) == len(load_split(tmp_path / "generated", "valid"))


def test_too_few_rows_are_refused(source_tables: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(source_tables, tmp_path / "few")
    pd.read_parquet(folder / "annotations.parquet").iloc[:1].to_parquet(folder / "annotations.parquet", index=False)
    with pytest.raises(DataError, match="split is empty"):
        prepare_dataset(folder, RECIPE, tmp_path / "out")


def test_rows_keep_their_split_when_the_table_grows_and_in_any_order(labelled_tables: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(labelled_tables, tmp_path / "tables")
    file = folder / "annotations.parquet"
    rows = pd.read_parquet(file)
    rows.iloc[:600].to_parquet(file, index=False)
    prepare_dataset(folder, RECIPE, tmp_path / "small")
    rows.to_parquet(file, index=False)
    large = prepare_dataset(folder, RECIPE, tmp_path / "large")
    before, after = (
        {key: split for split in SPLITS for key in load_split(tmp_path / name, split)["text"]}
        for name in ("small", "large")
    )
    # A text may give way to a copy that measures, but it never changes sides.
    assert all(after[key] == split for key, split in before.items() if key in after)
    assert len(before.keys() & after.keys()) > 0.9 * len(before)
    rows.sample(frac=1, random_state=1).to_parquet(file, index=False)
    assert prepare_dataset(folder, RECIPE, tmp_path / "shuffled").version == large.version


def test_no_near_duplicates_cross_a_split(labelled_tables: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(labelled_tables, tmp_path / "tables")
    file = folder / "annotations.parquet"
    rows = pd.read_parquet(file)
    copies = rows.assign(id=rows["id"] + "x", text=rows["text"] + "s")
    pd.concat([rows, copies]).to_parquet(file, index=False)
    info = prepare_dataset(folder, RECIPE, tmp_path / "out")
    assert info.dropped["near duplicate of a row in another split"] > 100
    side = {key: split for split in SPLITS for key in load_split(tmp_path / "out", split)["key"]}
    long = {key: split for key, split in side.items() if len(key) > 20}
    assert all(side.get(f"{key}s", split) == split for key, split in long.items())


def test_data_of_one_language_need_a_recipe_of_one(labelled_tables: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(labelled_tables, tmp_path / "tables")
    rows = pd.read_parquet(folder / "annotations.parquet")
    rows[rows["language"] == "en"].to_parquet(folder / "annotations.parquet", index=False)
    with pytest.raises(DataError, match="no rows in the language pt; add labelled rows in it, or leave it out"):
        prepare_dataset(folder, RECIPE, tmp_path / "both")
    only = RECIPE.model_copy(update={"languages": ("en",)})
    prepare_dataset(labelled_tables, only, tmp_path / "one")
    assert {language for split in SPLITS for language in load_split(tmp_path / "one", split)["language"]} <= {
        "en",
        "und",
    }
    assert load_info(tmp_path / "one").dropped["language not asked for"] == (rows["language"] == "pt").sum()


def test_an_empty_class_is_named(labelled_tables: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(labelled_tables, tmp_path / "tables")
    rows = pd.read_parquet(folder / "annotations.parquet").assign(violence=False)
    rows.to_parquet(folder / "annotations.parquet", index=False)
    info = prepare_dataset(folder, RECIPE, tmp_path / "out")
    assert info.empty_classes == ["violence"]
    assert "No positive example of <b>violence</b>" in (tmp_path / "out" / REPORT_FILE).read_text(encoding="utf-8")
    assert "no positive in train: violence" in markdown_summary(info)


def test_reported_messages_are_no_negatives(labelled_tables: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(labelled_tables, tmp_path / "tables")
    chat = pd.read_parquet(folder / "chat_logs.parquet")
    feedback = pd.read_parquet(folder / "feedback.parquet").iloc[:1]
    reported = [
        feedback.assign(message_id=message, feedback_id=message, report=True) for message in chat["message_id"][:390]
    ]
    pd.concat(reported).to_parquet(folder / "feedback.parquet", index=False)
    info = prepare_dataset(folder, RECIPE, tmp_path / "out")
    assert info.chat_negatives + len(pd.read_parquet(tmp_path / "out" / "chat.parquet")) <= 10


def test_nothing_but_the_data_set_is_left_behind(dataset: Path) -> None:
    assert {entry.name for entry in dataset.iterdir()} == {
        "train.parquet",
        "valid.parquet",
        "test.parquet",
        "chat.parquet",
        "dataset.json",
        "data_report.json",
        REPORT_FILE,
        "quarantine",
    }


def test_a_full_disk_says_what_could_not_be_done(source_tables: Path, tmp_path: Path) -> None:
    code = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from synapse_pipelines.data.prepare import prepare_dataset\n"
        "from synapse_pipelines.errors import DataError\n"
        "from synapse_pipelines.recipe import Recipe\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000))\n"  # no file may grow beyond: a real write error
        "try:\n    prepare_dataset(Path(sys.argv[1]), Recipe(), Path(sys.argv[2]))\n"
        "except DataError as error:\n    print(error)\n"
    )
    command = [sys.executable, "-c", code, str(source_tables), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert re.match(rf"cannot write intermediate tables to {tmp_path / 'out'} \([\d,]+ MiB free\): ", done.stdout)
    assert not list((tmp_path / "out").glob("stage-*"))
