"""Why a benchmark gives no figures."""


class BenchFailed(Exception):
    """The benchmark could not be run to its end, or its figures cannot be trusted."""


class ServerLost(BenchFailed):
    """The measured server did not come up, or the load found no end."""


class Miscounted(BenchFailed):
    """The record has a fault, or is not what was acknowledged."""
