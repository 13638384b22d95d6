"""A cluster that does not exist: it queues, runs and accounts for jobs as a cluster would, and computes nothing.

For the demonstration centre, which needs a year of a large cluster's work without having one. It says so in every
log, on every machine it reports and in its name, so that nobody takes its figures for measured ones.
"""

from aisc.jobs.engines.simulated.engine import SimulatedEngine
from aisc.jobs.engines.simulated.fleet import Machine, Outage, fleet

__all__ = ["Machine", "Outage", "SimulatedEngine", "fleet"]
