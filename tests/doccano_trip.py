"""Has doccano import a file and export it again; runs with doccano's own Python, which has nothing of this project.

`python doccano_trip.py FOLDER IN.jsonl OUT.jsonl`: FOLDER is for its database. A file with relations makes a project
with relations. What doccano's import refuses is printed.
"""

import os
import sys


def set_up(folder: str) -> None:
    """Start doccano's application with a new database."""
    os.environ |= {"DATABASE_URL": f"sqlite:///{folder}/db.sqlite3", "MEDIA_ROOT": folder}
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.development"
    import backend
    import django
    from django.core.management import call_command

    sys.path.insert(0, os.path.dirname(backend.__file__))
    django.setup()
    call_command("migrate", verbosity=0)


def trip(source: str, target: str, *, has_relations: bool) -> None:
    """Import a file into a new project as doccano does, and export the project."""
    from data_export.models import ExportedExample
    from data_export.pipeline.dataset import Dataset
    from data_export.pipeline.factories import create_comment, create_formatter, create_labels, create_writer
    from data_export.pipeline.services import ExportApplicationService
    from data_import.datasets import load_dataset
    from data_import.pipeline.catalog import JSONL, RELATION_EXTRACTION
    from data_import.pipeline.readers import FileName
    from django.contrib.auth.models import User
    from projects.models import ProjectType, SequenceLabelingProject

    kind = ProjectType.SEQUENCE_LABELING
    user = User.objects.create_user(username="user", password="password")
    project = SequenceLabelingProject.objects.create(
        name="trip", project_type=kind, allow_overlapping=True, use_relation=has_relations, created_by=user
    )
    columns = {"encoding": "Auto", "column_data": "text", "column_label": "label"}
    task = RELATION_EXTRACTION if has_relations else kind
    imported = load_dataset(task, JSONL, [FileName(source, source, source)], project, **columns)
    imported.save(user)
    for error in imported.errors:
        print(error)
    examples = ExportedExample.objects.filter(project=project).order_by("id")
    exported = Dataset(examples, create_labels(project, examples), create_comment(examples), project.is_text_project)
    ExportApplicationService(exported, create_formatter(project, JSONL.name), create_writer(JSONL.name)).export(target)


if __name__ == "__main__":
    set_up(sys.argv[1])
    with open(sys.argv[2], encoding="utf-8") as file:
        has_relations = '"relations"' in file.readline()
    trip(*sys.argv[2:4], has_relations=has_relations)
