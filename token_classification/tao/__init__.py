"""The second dialect: the files and commands of TAO and NeMo, on top of everything else."""
