"""What leaves the project: a model as one file for other programs and other machines."""
