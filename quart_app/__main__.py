"""``python -m quart_app``."""

import gc

gc.disable()  # what is imported stays: to look through it for garbage takes a tenth of the start

from quart_app.cli.main import main  # noqa: E402

gc.freeze()
gc.enable()

if __name__ == "__main__":
    main()
