import signal
import subprocess
import sys
from pathlib import Path

REPO = Path(__file__).parents[2]


def test_a_launcher_whose_parent_is_gone_starts_nothing():
    command = [sys.executable, "-m", "unirain_assets.launcher", "1", "-c", "print('started')"]
    ended = subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stdout) == (128 + signal.SIGTERM, "")


def test_a_launcher_takes_back_an_ignored_interrupt():
    program = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    command = f'"{sys.executable}" -m unirain_assets.launcher $$ -c "{program}"'
    shell = ["sh", "-c", f"trap '' INT; {command}; exit $?"]
    ended = subprocess.run(shell, cwd=REPO, capture_output=True, text=True, check=True)

    assert ended.stdout == "True\n"


def test_a_launcher_takes_back_an_ignored_request_to_end():
    """Dagster ignores SIGTERM where a script's `&` made it ignore SIGINT; the death of the parent comes as SIGTERM."""
    program = "import signal; print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)"
    command = f'"{sys.executable}" -m unirain_assets.launcher $$ -c "{program}"'
    shell = ["sh", "-c", f"trap '' TERM; {command}; exit $?"]
    ended = subprocess.run(shell, cwd=REPO, capture_output=True, text=True, check=True)

    assert ended.stdout == "True\n"
