"""Numbers as people read them: sensible digits, a real minus sign, intervals in brackets."""

import re


def number(value: float, *, signed: bool = False) -> str:
    """Two decimals from 1 on, three below, two digits for what is smaller than 0.01.

    No metric has a scale on which less than 1e-12 is more than a rounding error: it is 0.

    >>> number(1.2345), number(-0.0576), number(0.000089), number(0.5, signed=True)
    ('1.23', '−0.058', '8.9e−05', '+0.500')
    >>> number(-1.3e-17)
    '0.000'
    """
    value = 0.0 if abs(value) < 1e-12 else value
    size = abs(value)
    form = ".2f" if size >= 0.995 else ".3f" if size >= 0.00995 or size == 0 else ".2g"
    return format(value, f"{'+' if signed else ''}{form}").replace("-", "−")


def interval(low: float, high: float, *, signed: bool = False) -> str:
    """`[low, high]`; nothing where there are too few images for an interval.

    >>> interval(0.25, 1.5)
    '[0.250, 1.50]'
    """
    if low != low or high != high:
        return ""
    return f"[{number(low, signed=signed)}, {number(high, signed=signed)}]"


def percent(value: float, low: float, high: float) -> str:
    """A share with its interval, in whole percent.

    >>> percent(0.284, 0.22, 0.331), percent(-0.13, -1.57, 0.3)
    ('28 % [22, 33]', '−13 % [−157, 30]')
    """
    text = f"{100 * value:.0f} % [{100 * low:.0f}, {100 * high:.0f}]"
    return text.replace("-", "−")


def counted(count: int, what: str) -> str:
    """
    >>> counted(1, "map"), counted(34, "map")
    ('1 map', '34 maps')
    """
    return f"{count} {what}{'' if count == 1 else 's'}"


def by_number(name: str) -> list[tuple[int, str]]:
    """A key that sorts names as people count: numbers in them by their value.

    >>> sorted(["10", "9", "s2", "s11"], key=by_number)
    ['9', '10', 's2', 's11']
    """
    return [(int(part) if part.isdecimal() else -1, part) for part in re.split(r"(\d+)", name)]
