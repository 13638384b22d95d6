from django import forms
from django.utils.translation import gettext_lazy as _


class FiguresForm(forms.Form):
    """An accelerator's figures; the action checks them."""

    fp16_gflops = forms.IntegerField(
        label=_("Dense FP16 peak"),
        min_value=0,
        help_text=_("In GFLOPS, without sparsity. 989.5 TFLOPS are 989,500 GFLOPS."),
        localize=True,
    )
    memory_mb = forms.IntegerField(label=_("Memory"), min_value=0, help_text=_("In MiB."), localize=True)
    power_w = forms.IntegerField(label=_("Power"), min_value=0, help_text=_("In watts, at most."), localize=True)
    source = forms.CharField(
        label=_("Source"),
        max_length=300,
        help_text=_("Where the figures you change are published. Everybody sees it."),
    )
