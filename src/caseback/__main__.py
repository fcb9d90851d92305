"""``python -m caseback``: the same as the ``caseback`` command."""

from caseback.cli.main import app

if __name__ == "__main__":
    app()
