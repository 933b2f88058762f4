from synapse_pipelines.evaluation.baselines.profanity import profanity_scores


def test_the_package_loads_beside_our_libraries_and_tells_abuse_from_a_greeting() -> None:
    abusive, friendly = profanity_scores(["shut up, you moron", "good morning, my friend"])
    assert abusive > 0.9
    assert friendly < 0.1


def test_no_texts_have_no_scores() -> None:
    assert profanity_scores([]).shape == (0,)
