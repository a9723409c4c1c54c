"""Counting for the checks of this folder: one line a failure, one line of totals."""
import sys

passed = failed = 0


def check(ok, what):
    """Count one check; print it if it failed."""
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print("FAILED: " + what)


def finish(name):
    """Print the totals and exit."""
    print(f"{name}: {passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)
