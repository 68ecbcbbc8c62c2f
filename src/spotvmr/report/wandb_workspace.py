"""A W&B workspace that compares runs: recall against cost, settings against recall, and run against run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spotvmr.errors import UserError
from spotvmr.system.wandb_login import logged_in

if TYPE_CHECKING:
    from wandb_workspaces.workspaces import Workspace

NAME = "recall against cost"
_COST, _RATIO, _RECALL = "cost/gflops_per_query", "cost/ratio_to_dense", "test/R1@0.3"
_SETTINGS = ("budget", "selector.name", "model.name", "trainer.lr", "seed")


def save_workspace(path: str) -> str:
    """Save the comparison as a view of a W&B project.

    Args:
        path: ``ENTITY/PROJECT``.

    Returns:
        Its address.

    Raises:
        UserError: Not logged in, another path, or the package ``wandb-workspaces`` is missing.
    """
    entity, _, project = path.partition("/")
    if not entity or not project or "/" in project:
        raise UserError(f"wandb={path} names no W&B project: write wandb=ENTITY/PROJECT")
    if not logged_in():
        raise UserError("not logged in to W&B, where the comparison is saved: run 'wandb login' or set WANDB_API_KEY")
    workspace = build_workspace(entity, project)
    workspace.save()
    return str(workspace.url)


def build_workspace(entity: str, project: str) -> Workspace:
    """Build the workspace without a server.

    Raises:
        UserError: The package ``wandb-workspaces`` is missing.
    """
    try:
        from wandb_workspaces.reports import v2
        from wandb_workspaces.workspaces import Section, Workspace
    except ImportError as error:
        raise UserError("wandb= needs the package wandb-workspaces: pip install 'spotvmr[wandb]'") from error
    panels: Any = v2  # its names are not declared as exported
    recall, cost = panels.SummaryMetric(_RECALL), panels.SummaryMetric(_COST)
    columns = [*map(panels.Config, _SETTINGS), cost, panels.SummaryMetric(_RATIO), recall]
    shown = [
        panels.ScatterPlot(title="recall against GFLOPs a query", x=cost, y=recall, log_x=True, running_ymax=True),
        panels.ParallelCoordinatesPlot(
            title="settings, cost and recall",
            columns=[panels.ParallelCoordinatesPlotColumn(metric=metric) for metric in columns],
        ),
        panels.LinePlot(title="validation", x="trainer/global_step", y=["val/R1@0.3"]),
        panels.RunComparer(diff_only="split"),
    ]
    section = Section(name=NAME, is_open=True, panels=shown)
    return Workspace(entity=entity, project=project, name=NAME, sections=[section])
