"""``python -m quart_app``."""

from quart_app.cli.main import main

if __name__ == "__main__":
    main()
