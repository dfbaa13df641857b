"""When probes are asked: beats give the time, the runner asks, samples come out."""
