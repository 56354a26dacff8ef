"""What a training outlives: damaged checkpoints, signals, NaN losses, full disks."""
