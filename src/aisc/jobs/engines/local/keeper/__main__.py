"""Entry point of the keeper program. ``-I`` leaves this folder alone on the path; add its parent, last."""

import os
import sys

sys.path[:] = [*sys.path[1:], os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]

from keeper.main import main  # noqa: E402

main(sys.argv[1])
