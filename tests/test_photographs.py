"""Pictures of every kind: one size and orientation everywhere; bombs, films, half pictures."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from bench.errors import DataError, ValidationError
from bench.photographs import photograph_size, read_photograph

PIXELS = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)
PICTURE = Image.fromarray(PIXELS)
# ITU-R BT.601, as PIL documents its conversion to grey.
LUMA = (PIXELS @ np.array([299, 587, 114]) / 1000).round()


def png(width, height, *, bits=8, colour=2, data=b"", extra=b""):
    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    parts = chunk(b"IHDR", header), extra and chunk(*extra), chunk(b"IDAT", zlib.compress(data))
    return b"\x89PNG\r\n\x1a\n" + b"".join(part for part in parts if part) + chunk(b"IEND", b"")


def turned(path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    PICTURE.save(path, exif=exif, **({"lossless": True} if path.suffix == ".webp" else {}))
    return path


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_picture_that_some_programs_turn_is_refused(suffix, orientation, tmp_path):
    path = turned(tmp_path / f"a.{suffix}", orientation)
    with pytest.raises(ValidationError, match=rf"a\.{suffix}: found an EXIF rotation"):
        photograph_size(path)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
@pytest.mark.parametrize("orientation", range(10))
def test_a_picture_that_was_shown_as_stored_has_its_stored_pixels(suffix, orientation, tmp_path):
    path = turned(tmp_path / f"a.{suffix}", orientation)
    pixels = read_photograph(path)
    assert photograph_size(path, exif_rotation="ignore") == pixels.shape[:2] == (4, 6)
    if suffix != "jpg":
        np.testing.assert_array_equal(pixels, PIXELS)


@pytest.mark.parametrize("orientation", [0, 1, 9])
def test_a_tag_that_turns_nothing_passes(orientation, tmp_path):
    assert photograph_size(turned(tmp_path / "a.jpg", orientation)) == (4, 6)


def test_what_pil_itself_turns_cannot_be_ignored(tmp_path):
    with pytest.raises(ValidationError, match="Save it without that tag"):
        photograph_size(turned(tmp_path / "a.tif", 6), exif_rotation="ignore")


@pytest.mark.parametrize("kind", ["webp", "png", "gif", "tif"])
def test_a_film_is_refused_whatever_it_is_called(kind, tmp_path):
    film, path = tmp_path / f"film.{kind}", tmp_path / "a.png"
    PICTURE.save(film, save_all=True, append_images=[PICTURE.rotate(180)])
    film.rename(path)
    for read in (photograph_size, read_photograph):
        with pytest.raises(ValidationError, match=r"a\.png: found 2 frames, expected one still"):
            read(path)


def test_the_second_picture_of_a_camera_s_file_does_no_harm(tmp_path):
    PICTURE.save(tmp_path / "a.jpg", format="MPO", save_all=True, append_images=[PICTURE])
    assert photograph_size(tmp_path / "a.jpg") == (4, 6)


BOMBS = {
    "50,000 x 50,000": png(50_000, 50_000),
    "between PIL's warning and its error": png(10_000, 10_000),
}


@pytest.mark.filterwarnings("default::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("content", BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_refused_from_its_header(content, tmp_path, recwarn):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.png: its header states more than 89478485 pixels"):
        photograph_size(tmp_path / "a.png")
    assert not recwarn.list  # one message, ours
    with pytest.raises(DataError, match="its header states more than"):
        read_photograph(tmp_path / "a.png")


BROKEN = {
    "a bomb of text": png(2, 2, extra=(b"zTXt", b"a\0\0" + zlib.compress(bytes(80_000_000)))),
    "no pixels": png(0, 4),
    "a signature alone": b"\x89PNG\r\n\x1a\n" + bytes(50),
    "nothing": b"",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_header_is_refused(content, tmp_path):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.png: cannot be read as a photograph"):
        photograph_size(tmp_path / "a.png")


def test_half_a_jpeg_is_refused_and_not_grey_below(tmp_path):
    Image.fromarray(np.tile(PIXELS, (30, 30, 1))).save(tmp_path / "a.jpg")
    whole = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"a\.jpg: cannot be read as a photograph .*truncated"):
        read_photograph(tmp_path / "a.jpg")


def test_grey_palette_and_transparent_pictures_are_rgb(tmp_path):
    PICTURE.convert("L").save(tmp_path / "grey.png")
    found = read_photograph(tmp_path / "grey.png")
    assert np.abs(found - LUMA[..., None]).max() <= 1
    PICTURE.quantize(24, dither=0).save(tmp_path / "palette.png")  # 24 pixels, 24 colours
    np.testing.assert_allclose(read_photograph(tmp_path / "palette.png"), PIXELS, atol=4)
    clear = np.dstack([PIXELS, np.where(np.arange(6) < 3, 255, 0)[None].repeat(4, 0)])
    Image.fromarray(clear.astype(np.uint8)).save(tmp_path / "clear.png")
    found = read_photograph(tmp_path / "clear.png")
    np.testing.assert_array_equal(found[:, :3], PIXELS[:, :3])
    assert not found[:, 3:].any()


def test_sixteen_bits_become_eight_of_the_same_brightness(tmp_path):
    values = np.linspace(0, 65535, 24).astype(np.uint16).reshape(4, 6)
    Image.fromarray(values).save(tmp_path / "grey.png")
    expected = np.round(values / 257)[..., None].repeat(3, 2)
    np.testing.assert_array_equal(read_photograph(tmp_path / "grey.png"), expected)
    rows = b"".join(b"\0" + b"\x12\x34\xab\xcd\xff\x00" * 2 for _ in range(2))
    (tmp_path / "rgb.png").write_bytes(png(2, 2, bits=16, data=rows))
    np.testing.assert_array_equal(read_photograph(tmp_path / "rgb.png")[0, 0], [0x12, 0xAB, 0xFF])


def test_a_cmyk_jpeg_has_the_colours_of_its_inks(tmp_path):
    inks = np.zeros((16, 16, 4), np.uint8)
    inks[..., 0], inks[8:, :, 3] = 255, 255  # cyan above, black below
    Image.fromarray(inks, "CMYK").save(tmp_path / "a.jpg", quality=100)
    found = read_photograph(tmp_path / "a.jpg")
    np.testing.assert_allclose(found[:8], np.broadcast_to([0, 255, 255], (8, 16, 3)), atol=3)
    np.testing.assert_allclose(found[8:], 0, atol=3)
