import io

import optuna
import pytest
from matplotlib import image
from synapse_pipelines.search.plots import MIN_FOR_IMPORTANCE, importance, plot_pngs
from synapse_pipelines.search.study import pareto_front


def study_of(trials: int) -> optuna.Study:
    """The objective follows the learning rate alone."""
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=1))

    def objective(trial: optuna.Trial) -> float:
        rate = trial.suggest_float("learning_rate", 0, 1)
        trial.suggest_float("dropout", 0, 1)
        trial.report(rate / 2, step=1)
        return rate

    study.optimize(objective, n_trials=trials)
    return study


@pytest.fixture(autouse=True)
def _quiet() -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)


def test_the_setting_that_matters_is_the_important_one() -> None:
    shares = importance(study_of(30), seed=1)
    assert shares["learning_rate"] > 0.9
    assert sum(shares.values()) == pytest.approx(1)


def test_few_trials_say_nothing_about_importance() -> None:
    assert importance(study_of(MIN_FOR_IMPORTANCE - 1), seed=1) == {}
    assert set(plot_pngs(study_of(3), seed=1)) == {"history", "looks", "settings"}


def test_the_plots_are_pictures() -> None:
    pngs = plot_pngs(study_of(MIN_FOR_IMPORTANCE), seed=1)
    assert set(pngs) == {"history", "looks", "settings", "importance"}
    for png in pngs.values():
        picture = image.imread(io.BytesIO(png))
        assert min(picture.shape[:2]) > 200
        assert picture.std() > 0.01, "the picture is blank"


def test_the_front_holds_what_no_other_trial_beats() -> None:
    def trial(number: int, loss: float, accuracy: float, f1: float) -> optuna.trial.FrozenTrial:
        figures = {"loss": loss, "accuracy": accuracy, "f1": f1, "explained": 0, "macro_auprc": 0, "objective": 0}
        made = optuna.trial.create_trial(value=0.0, user_attrs={"figures": figures})
        made.number = number
        return made

    best_loss, best_f1, beaten = trial(0, 0.1, 0.8, 0.5), trial(1, 0.2, 0.8, 0.6), trial(2, 0.2, 0.7, 0.6)
    equal = trial(3, 0.2, 0.8, 0.6)
    assert pareto_front([best_loss, best_f1, beaten, equal]) == {0, 1, 3}
