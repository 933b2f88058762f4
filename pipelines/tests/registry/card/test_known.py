from synapse_common.taxonomy import CATEGORIES
from synapse_pipelines.registry.card.data import Attribution
from synapse_pipelines.registry.card.known import attribution, definitions, encoder, licence_texts
from synapse_pipelines.settings import SHARED_ENCODER


def test_every_category_is_defined() -> None:
    assert set(definitions()) == set(CATEGORIES)


def test_licences_that_stand_together_each_have_their_text() -> None:
    found = licence_texts(["MIT AND Apache-2.0, MIT AND Apache-2.0 AND CC-BY-SA-4.0", "MIT", "not stated"])
    assert set(found) == {"MIT", "Apache-2.0", "CC-BY-SA-4.0"}
    assert found["CC-BY-SA-4.0"] == "https://creativecommons.org/licenses/by-sa/4.0/legalcode"


def test_a_longer_name_of_a_licence_is_another_licence() -> None:
    assert set(licence_texts(["CC-BY-SA-3.0-ES"])) == {"CC-BY-SA-3.0-ES"}


def test_the_optional_encoder_is_known_by_the_name_that_bundles_state() -> None:
    known = encoder(SHARED_ENCODER.name)
    assert known.licence == "MIT"
    assert "intfloat/multilingual-e5-small" in known.origin
    assert encoder("somebody/else").licence == "not stated"


def test_a_source_that_is_not_in_the_table_names_nobody() -> None:
    assert attribution("own-tickets") == Attribution()
