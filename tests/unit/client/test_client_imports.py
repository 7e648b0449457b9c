"""What the CLI's driver may not import: it must start in a few milliseconds."""

import subprocess
import sys


def test_the_stdlib_driver_imports_nothing_heavy():
    """Neither Trio nor httpx2, neither Textual nor AWS."""
    code = "import sys, sandboxd.client.stdlib, sandboxd.client.fold; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"trio", "anyio", "asyncio", "httpx2", "httpcore2", "textual", "aiobotocore", "botocore", "h11"}
