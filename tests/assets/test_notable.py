from unirain_assets.notable import Notable


def shown(lines, seconds=None, address="train@ours"):
    times = iter([0.0, *(seconds or range(len(lines)))])
    now = [next(times)]
    notable = Notable(address, clock=lambda: now[0])
    chosen = []
    for line in lines:
        now[0] = next(times)
        if notable.has(line):
            chosen.append(line)
    return chosen


def test_the_log_shows_what_dvc_decides_and_what_the_stage_says():
    said = ["Running stage 'train@ours':", "train@ours: begins", "train: 100 pairs", "mlflow: no answer"]

    assert (
        shown([said[0], "> exec unirain run", said[1], "0it [00:00]", said[2], "a.py:3: Warn", said[3]])
        == said
    )


def test_a_line_of_progress_is_shown_every_ten_seconds_and_the_first_at_once():
    lines = [f"training: {n} % ({n} of 100 steps)" for n in range(6)]

    assert shown(lines, [5, 10, 14, 15, 24, 25]) == [lines[0], lines[3], lines[5]]


def test_the_longer_a_run_is_the_fewer_lines_of_progress_are_kept():
    """The event log keeps all of them: a week of a line every 10 seconds would be 60,000."""
    week = range(0, 7 * 24 * 3600, 10)
    lines = [f"training: 1 % ({n} of 300000 steps)" for n in week]
    chosen = shown(lines, week)

    assert 1000 < len(chosen) < 2500
    assert sum(line in set(lines[-360:]) for line in chosen) >= 2, "every half an hour at least"


def test_the_link_to_mlflow_is_shown_though_a_line_of_progress_came_just_before():
    lines = ["training: 1 % (1 of 100 steps)", "training: MLflow run http://here/#/experiments/1/runs/2"]

    assert shown(lines, [1, 2]) == lines
