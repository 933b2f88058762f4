from synapse_pipelines.evaluation.evaluate import Evaluation
from synapse_pipelines.evaluation.plots import plot_pngs, plot_svgs

ALWAYS = {"pr", "roc", "confusion", "reliability", "baselines", "slices", "attacks"}


def test_every_plot_is_there_in_both_forms(evaluation: Evaluation) -> None:
    pngs, svgs = plot_pngs(evaluation), plot_svgs(evaluation)
    assert set(pngs) == set(svgs) >= ALWAYS
    assert all(png.startswith(b"\x89PNG") for png in pngs.values())
    assert all(svg.startswith("<svg") and svg.rstrip().endswith("</svg>") for svg in svgs.values())


def test_equal_evaluations_have_equal_plots(evaluation: Evaluation) -> None:
    assert plot_svgs(evaluation) == plot_svgs(evaluation)


def test_an_evaluation_with_little_in_it_has_fewer_plots(evaluation: Evaluation) -> None:
    nothing = evaluation.model_copy(update={"slices": [], "attacks": [], "curves": {}})
    assert {"slices", "attacks"} & set(plot_pngs(nothing)) == set()
    assert "pr" in plot_pngs(nothing)
