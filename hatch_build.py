"""Put templates, static files and migrations inside the wheel; a checkout is used as it lies."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ShipTopLevelFolders(BuildHookInterface):
    """Map the top-level folders to `techauction/_shipped`, where `settings.SHIPPED` looks first."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the folders to a wheel, not to an editable install."""
        if version == "standard":
            build_data["force_include"] |= {
                name: f"techauction/_shipped/{name}" for name in ("templates", "static", "migrations")
            }
