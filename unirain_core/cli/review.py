"""`unirain review`: a local page on which people label pairs, and how far their labels agree."""

import getpass
import signal
import threading
from pathlib import Path
from typing import Annotated, Optional

import typer

from unirain_core.artefacts import paths
from unirain_core.artefacts.folders import making
from unirain_core.artefacts.roots import Roots
from unirain_core.cli.outs import demand_outside_of_outs
from unirain_core.cli.project import current_root
from unirain_core.cli.review_server import Session, serve
from unirain_core.cli.servers import LAST_PORT, STOP, free_port
from unirain_core.distill import labels
from unirain_core.distill.agreement import agreement_lines
from unirain_core.distill.labels import Label
from unirain_core.distill.review import subjects
from unirain_core.errors import ConfigError, MissingInputError

FILE = Path(paths.LABELS) / "review.csv"
"""Where labels go by default: a file that git tracks, since people and no stage write it."""


def review(
    person: Annotated[
        Optional[str],  # noqa: UP045 (typer reads it)
        typer.Option(help="Whose labels these are; default: the name of the user."),
    ] = None,
    sample: Annotated[int, typer.Option(min=1, help="Pairs to label.")] = 200,
    seed: Annotated[
        int, typer.Option(min=0, help="Of the sample; two people label the same pairs with it.")
    ] = 0,
    labels_file: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--labels", help=f"File that holds the labels of all people; default: {FILE} of the project."
        ),
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=LAST_PORT, help="First port to try.")] = 8600,
    agreement: Annotated[
        bool, typer.Option("--agreement", help="Only print Cohen's kappa of every two people.")
    ] = False,
) -> None:
    """Label a sample of the verified pairs in a browser with the keyboard; Ctrl-C ends it.

    Labels that are in the file already are not asked again. The page shows no vote and no verdict.

    Raises:
        ConfigError: a line of the file is malformed, it is a folder or cannot be made, a stage would remove it, or the name of the
            person cannot stand in it.
        MissingArtefactError: there are no verified pairs yet, or no references.
    """
    root = current_root()
    file = labels_file or root / FILE
    demand_outside_of_outs(root, file)
    if agreement:
        print("\n".join(agreement_lines(labels.read(file))))
        return
    earlier = labels.read_if_any(file)  # a malformed line is said before anybody has labelled anything
    session = _session(root, person or getpass.getuser(), file, limit=sample, seed=seed)
    with making(file.parent):
        file.parent.mkdir(parents=True, exist_ok=True)
    _serve(session, free_port(port))
    latest = labels.read_if_any(file)
    print(f"{len(session.answers())} of {len(session.sample)} pairs are labelled by {session.person}")
    if len({label.person for label in (*earlier, *latest)}) > 1:
        print("\n".join(agreement_lines(latest)))


def _session(root: Path, person: str, file: Path, *, limit: int, seed: int) -> Session:
    try:
        Label("any", person, None, "")
    except ValueError as error:
        raise ConfigError(f"--person {person!r}: {error}; give another name") from None
    sample = subjects(root, limit, seed)
    if not sample:
        raise MissingInputError(
            f"{paths.VERIFIED} holds no pair to label; add a dataset with pairs to params.yaml"
        )
    return Session(person=person, sample=sample, roots=Roots.load(root), file=file)


def _serve(session: Session, port: int) -> None:
    """Answer until a person ends the command."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP)  # before any thread starts, since each inherits it
    server = serve(session, port)
    answering = threading.Thread(target=server.serve_forever, daemon=True)
    answering.start()
    left = len(session.sample) - len(session.answers())
    print(f"{left} of {len(session.sample)} pairs are left for {session.person}; labels go to {session.file}")
    print(f"open http://127.0.0.1:{port} in a browser; Ctrl-C ends the review", flush=True)
    signal.sigwait(STOP)
    server.shutdown()
    server.server_close()
