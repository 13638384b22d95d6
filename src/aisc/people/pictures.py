"""Pictures of published projects: whatever was uploaded is read, and a small JPEG of its pixels is kept.

So nothing but pixels is ever served: no other content behind the name of a picture, no place where it was taken.
"""

from __future__ import annotations

import io
import warnings

from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from aisc.core.errors import BadInput, TooLarge

MOST_BYTES = 8 * 1024 * 1024
MOST_PIXELS = 40_000_000
SIZE = (1200, 675)  # at most, in pixels
_FORMATS = ("JPEG", "PNG", "WEBP")


def small_jpeg(data: bytes) -> bytes:
    """A JPEG of at most 1200 × 675 pixels. Raises BadInput for what is no picture, TooLarge above 8 MiB."""
    if len(data) > MOST_BYTES:
        raise TooLarge(_("The picture has more than 8 MiB."), field="picture")
    try:
        with warnings.catch_warnings():
            # A warning about a picture that unpacks into too many pixels is a refusal here.
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    raise BadInput(_("The picture has too many pixels: at most 40 million."), field="picture")
                picture = ImageOps.exif_transpose(opened)
                picture.thumbnail(SIZE)
                flat = Image.new("RGB", picture.size, "white")
                shown = picture.convert("RGBA")
                flat.paste(shown, mask=shown.getchannel("A"))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Warning) as error:
        raise BadInput(_("This is not a JPEG, PNG or WebP picture."), field="picture") from error
    made = io.BytesIO()
    flat.save(made, "JPEG", quality=82, optimize=True)
    return made.getvalue()
