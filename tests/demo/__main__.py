"""`python -m tests.demo [--once] [--port PORT] [--simulator-port PORT]`; `make demo` and `make demo ARGS=--once`."""

import argparse
import contextlib
import os
import sys
import traceback
from pathlib import Path

from tests.demo.interrupts import Interrupts
from tests.demo.places import FOLDER, DemoFailed

INTERRUPTED = 130


def arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make demo ARGS=…", description="The product on this machine, with sample firms."
    )
    parser.add_argument(
        "--once", action="store_true", help="end after the walk: 0 if every figure was as seeded, else 1"
    )
    parser.add_argument("--port", type=int, help="of the web site (8000, or the next that is free)")
    parser.add_argument(
        "--simulator-port", type=int, help="of the simulated Microsoft (9100, or the next that is free)"
    )
    return parser.parse_args(given)


def main(given: list[str] | None = None, folder: Path = FOLDER) -> int:
    """0 where every figure was as seeded, 1 where one was not or the demo could not go on. No traceback reaches anyone."""
    options = arguments(given)
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    interrupts = Interrupts()
    interrupts.catch()
    try:
        # Late: a Ctrl-C while Python reads its libraries should end as quietly as any other.
        from tests.demo import show

        folder.mkdir(exist_ok=True)
        return show.run(folder, interrupts, options)
    except DemoFailed as reason:
        print(f"\n✗ {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read along has gone; nothing can be said to them any more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        return _unforeseen(error, folder)


def _unforeseen(error: Exception, folder: Path) -> int:
    words = " ".join(str(error).split())[:400] or type(error).__name__
    print(f"\n✗ The demo cannot go on: {words}", file=sys.stderr)
    with contextlib.suppress(OSError):
        log = folder / "demo.log"
        log.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
        print(f"  More in {log}, and in the other logs beside it.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
