"""Numbers as people read them: sensible digits, a real minus sign, intervals in brackets."""


def number(value: float, *, signed: bool = False) -> str:
    """Two decimals from 1 on, three below, two digits for what is smaller than 0.01.

    >>> number(1.2345), number(-0.0576), number(0.000089), number(0.5, signed=True)
    ('1.23', '−0.058', '8.9e−05', '+0.500')
    """
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
