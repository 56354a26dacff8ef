"""Loss and F1 in the course of a training, as a picture."""

from pathlib import Path

from token_classification.reporting.evaluation_record import TrainingCourse

INCHES = (7.5, 4.0)
DPI = 100
LOSS_COLOR, F1_COLOR = "#c2524a", "#2f5fb3"


def draw_training_curve(course: TrainingCourse, path: Path) -> None:
    """Draw the training loss (left axis) and the F1 of each evaluation (right axis, percent) over the steps."""
    # Imported here because matplotlib is an extra.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=INCHES, dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_xlabel("step")
    axes.set_ylabel("training loss", color=LOSS_COLOR)
    axes.plot([step for step, _ in course.losses], [loss for _, loss in course.losses], color=LOSS_COLOR)
    if course.f1:
        right = axes.twinx()
        right.plot([step for step, _ in course.f1], [100 * f1 for _, f1 in course.f1], color=F1_COLOR, marker="o")
        right.set_ylabel("F1 on the validation data", color=F1_COLOR)
    figure.savefig(path, format="png")
