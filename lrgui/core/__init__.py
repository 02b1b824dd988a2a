"""Learning-rate science: schedules, sweep, curve, rules, zones, training. Knows no screen and no file."""
