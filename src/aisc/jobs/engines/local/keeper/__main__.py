"""Entry point of the keeper program. ``-I`` leaves this folder alone on the path; add its parent, last."""

import os
import sys

sys.path[:] = [*sys.path[1:], os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]

from keeper.main import main, try_isolation  # noqa: E402

if len(sys.argv) == 2:
    main(sys.argv[1])
else:
    try_isolation(sys.argv[1], sys.argv[2])
