"""`techauction serve`: the installation's processes, on one port."""

import click

from techauction import serving, supervising
from techauction.cli.instance import Instance, pass_instance, tell


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65_535), default=5000, show_default=True, help="0 takes any free port.")
@click.option(
    "--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes; PostgreSQL takes several."
)
@pass_instance
def serve(instance: Instance, host: str, port: int, workers: int) -> None:
    """Serve the pages and the saleroom until SIGTERM or SIGINT."""
    if workers > 1:
        supervising.must_take_several(instance.settings)
    instance.must_be_current()
    instance.engine.dispose()
    with serving.listen(host, port) as listening:
        address = serving.address_of(listening)

        def ready(*_process: object) -> None:
            tell(f"serving on {address}")

        if workers == 1:
            serving.serve(instance.settings, instance.clock, listening, ready=ready)
        else:
            supervising.serve(instance.settings, instance.clock, listening, workers=workers, ready=ready)
