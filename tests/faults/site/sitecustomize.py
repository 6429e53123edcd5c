"""What Python imports first in a deployment's processes: there are few spectators here, and they are to be
written to as thousands would be, through the ring."""

from quart_app.live.wires import ring

ring.FEW = 0
