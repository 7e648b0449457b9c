"""`python -m sandboxd.simulator`: the simulated AWS by itself."""

import sys

from sandboxd.simulator.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
