"""Find the browser of the browser tests, and install one where there is none.

In this order: the file named by `TECHAUCTION_CHROMIUM`, a Chromium on PATH, one that Playwright installed.
`--install` gets one: Debian's package as root, else Playwright's own.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

HOW = (
    "Install Chromium (as root on Debian: apt-get install chromium; elsewhere: .venv/bin/playwright install chromium) "
    "or set TECHAUCTION_CHROMIUM."
)


def find() -> str | None:
    """Return the browser's path, or nothing."""
    if named := os.environ.get("TECHAUCTION_CHROMIUM"):
        return named if Path(named).exists() else None
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if found := shutil.which(name):
            return found
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    return next((str(file) for file in sorted(cache.glob("chromium-*/chrome-*/chrome*")) if os.access(file, os.X_OK)), None)


def install() -> None:
    """Install a browser."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        quiet = {"stdout": subprocess.DEVNULL}
        subprocess.run(["apt-get", "update", "-qq"], check=True, **quiet)  # type: ignore[call-overload]  # noqa: S607
        packages = ["chromium", "fonts-noto-cjk"]
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], check=True, **quiet)  # type: ignore[call-overload]  # noqa: S607
    else:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


if __name__ == "__main__":
    if find() is None and "--install" in sys.argv:
        install()
    found = find()
    sys.exit(f"no browser. {HOW}" if found is None else None)
