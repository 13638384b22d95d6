"""What the centre has: accelerator types, clusters, nodes and the phases of its capacity."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from aisc.centre.catalogue import shown_name
from aisc.core.language import in_reader_language
from aisc.people.models import Bilingual


class AcceleratorType(models.Model):
    """A kind of accelerator (or ``cpu``), with the published figures used for PFLOPS and energy.

    ``fp16_gflops`` is dense FP16 peak, in units of 10⁹ operations per second, of one accelerator.
    ``sources`` says for each figure where it comes from.
    """

    code = models.SlugField(max_length=32, unique=True)
    name = models.CharField(max_length=100)
    vendor = models.CharField(max_length=100)
    fp16_gflops = models.PositiveBigIntegerField(_("dense FP16 peak (GFLOPS)"))
    memory_mb = models.PositiveIntegerField(_("memory (MiB)"))
    power_w = models.PositiveIntegerField(_("power (W)"))
    sources = models.JSONField(default=dict)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name

    @property
    def title(self) -> str:
        """The name as pages show it."""
        return shown_name(self.name)


class Cluster(Bilingual):
    """Machines under one engine. ``engine`` names the kind of engine, such as ``local``."""

    code = models.SlugField(max_length=32, unique=True)
    engine = models.CharField(max_length=20)

    class Meta:
        ordering = ["code"]


class Node(models.Model):
    """One machine of a cluster, as its engine last reported it."""

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE, related_name="nodes")
    name = models.CharField(max_length=100)
    cpus = models.PositiveIntegerField()
    memory_mb = models.PositiveIntegerField()
    up = models.BooleanField(default=True)
    cpus_used = models.PositiveIntegerField(default=0)
    memory_used_mb = models.PositiveIntegerField(default=0)
    detail = models.CharField(max_length=300, blank=True)
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["cluster", "name"]
        constraints = [models.UniqueConstraint(fields=["cluster", "name"], name="node_once")]

    def __str__(self) -> str:
        return f"{self.cluster.code}/{self.name}"


class NodeAccelerator(models.Model):
    """How many accelerators of a type a node has, and how many run something now."""

    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="accelerators")
    type = models.ForeignKey(AcceleratorType, on_delete=models.PROTECT, related_name="+")
    count = models.PositiveIntegerField()
    used = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["node", "type"], name="node_accelerator_once")]

    def __str__(self) -> str:
        return f"{self.node}: {self.count} × {self.type}"


class CapacityPhase(Bilingual):
    """A phase of the centre's capacity as announced: from this day, this many PFLOPS.

    Where no day was announced, ``stated`` has the words that were used and ``starts_on`` a day that fits them.
    """

    code = models.SlugField(max_length=32, unique=True)
    starts_on = models.DateField()
    stated_en = models.CharField(max_length=100, blank=True)
    stated_zh = models.CharField(max_length=100, blank=True)
    pflops = models.PositiveIntegerField()
    source = models.CharField(max_length=300)

    class Meta:
        ordering = ["starts_on"]

    @property
    def stated(self) -> str:
        """When it starts, in the words of the announcement; empty where the day itself was announced."""
        return in_reader_language(self.stated_en, self.stated_zh)
