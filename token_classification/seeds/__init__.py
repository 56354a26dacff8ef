"""Several trainings with other random numbers: how much their scores differ, and which model is kept."""
