"""What the centre has. Public but for the machines."""

from __future__ import annotations

from collections.abc import Iterator

from aisc.client.models.centre import Accelerator, Centre, Node
from aisc.client.resources.base import Resource


class CentreFacts(Resource):
    def get(self) -> Centre:
        """Phases of capacity, and the load now."""
        return Centre.read(self._t.get("/centre"))

    def accelerators(self) -> Iterator[Accelerator]:
        """Accelerator types with the sources of their figures, also such as the centre does not own."""
        return self._pages(Accelerator, "/accelerators")

    def nodes(self) -> Iterator[Node]:
        return self._pages(Node, "/nodes")
