"""The command `bench`: one verb per stage. Each verb's work and arguments live in bench/stages/."""

import argparse
import importlib
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from bench import __version__
from bench.errors import BenchError
from bench.messages import Messages

VERBS = (
    "doctor",
    "workflow",
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
    "compare-maps",
    "performance",
)

EXIT_CODES = "exit codes: 0 done, 2 usage or configuration, 3 unreadable data, 4 failing a check"


def main(words: Sequence[str] | None = None) -> None:
    """Runs one verb and ends the process with its exit code.

    What a user can mend is one message on the error stream, never a traceback.
    """
    arguments = _parser().parse_args(words)
    # A terminated job removes its temporary files like a failed one.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    messages = Messages(arguments.verb, quiet=arguments.quiet, json_lines=arguments.json)
    exit_code = 1
    try:
        messages.keep_in(arguments.log)
        arguments.run(arguments)
        exit_code = 0
    except BenchError as error:
        logging.getLogger("bench").error("bench %s: %s", arguments.verb, error)
        exit_code = error.exit_code
    except KeyboardInterrupt:
        exit_code = 130
    except SystemExit as ended:  # terminated
        exit_code = ended.code
    except BrokenPipeError:  # whoever read our output, `head` for example, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        exit_code = 141  # 128 + SIGPIPE, which Windows does not name
    except Exception as fault:  # of ours; what Python shows of it stands in the job's log too
        log = logging.getLogger("bench")
        log.debug("stopped by a fault of the program", exc_info=True)
        log.debug("bench %s: %s: %s", arguments.verb, type(fault).__name__, fault)
        raise
    finally:
        messages.close(exit_code)
    if exit_code:
        sys.exit(exit_code)


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
        sub = verbs.add_parser(
            verb,
            help=summary,
            description=stage.__doc__,
            epilog=EXIT_CODES,
            conflict_handler="resolve",  # a verb that prints results has a --json for these too
        )
        sub.add_argument("--quiet", action="store_true", help="no progress, only problems")
        sub.add_argument("--json", action="store_true", help="messages as lines of JSON")
        sub.add_argument("--log", type=Path, metavar="FILE", help="write the messages there too")
        stage.add_arguments(sub)
        sub.set_defaults(run=stage.run)
    return parser
