"""``python -m reconciler``."""

from reconciler.cli.app import run

if __name__ == "__main__":
    run()
