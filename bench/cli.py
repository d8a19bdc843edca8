"""The command `bench`: one verb per stage. Each verb's work and arguments live in bench/stages/."""

import argparse
import importlib
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from bench import __version__
from bench.errors import BenchError

VERBS = (
    "list",
    "inspect",
    "check-config",
    "demo",
    "shards",
    "fixations",
    "heatmap",
    "fit-cam",
    "attend",
    "join-maps",
    "external",
    "score",
    "join-scores",
    "leaderboard",
    "sensitivity",
    "controls",
    "report",
)

EXIT_CODES = "exit codes: 0 done, 2 usage or configuration, 3 unreadable data, 4 failing a check"


def main(words: Sequence[str] | None = None) -> None:
    """Runs one verb and ends the process with its exit code.

    What a user can mend is one message on the error stream, never a traceback.
    """
    arguments = _parser().parse_args(words)
    # A terminated job removes its temporary files like a failed one.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    _start_log(arguments)
    try:
        arguments.run(arguments)
    except BenchError as error:
        logging.getLogger("bench").error("bench %s: %s", arguments.verb, error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        _close_log()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bench",
        description="Do humans look where CNNs attend? Each verb is one stage of the workflow.",
        epilog=EXIT_CODES,
    )
    parser.add_argument("--version", action="version", version=f"attention-bench {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb in VERBS:
        stage = importlib.import_module(f"bench.stages.{verb.replace('-', '_')}")
        summary = stage.__doc__.splitlines()[0]
        sub = verbs.add_parser(verb, help=summary, description=stage.__doc__, epilog=EXIT_CODES)
        stage.add_arguments(sub)
        sub.add_argument("--quiet", action="store_true", help="no progress, only problems")
        sub.add_argument("--log", type=Path, metavar="FILE", help="write the messages there too")
        sub.set_defaults(run=stage.run)
    return parser


def _start_log(arguments: argparse.Namespace) -> None:
    """Messages go to the error stream, and into the job's log where one is asked for."""
    log = logging.getLogger("bench")
    log.setLevel(logging.INFO)
    shown = logging.StreamHandler()
    shown.setLevel(logging.WARNING if arguments.quiet else logging.INFO)
    log.addHandler(shown)
    if arguments.log:
        arguments.log.parent.mkdir(parents=True, exist_ok=True)
        log.addHandler(logging.FileHandler(arguments.log, mode="w", encoding="utf-8"))


def _close_log() -> None:
    log = logging.getLogger("bench")
    for handler in list(log.handlers):
        log.removeHandler(handler)
        handler.close()
