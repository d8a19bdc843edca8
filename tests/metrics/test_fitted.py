"""The fitted information gain against simulated gaze whose true density is known."""

import numpy as np
import pytest
from scipy.optimize import minimize

from bench.errors import UsageError, ValidationError
from bench.metrics import evaluate, example, fitted_information_gain
from bench.metrics._fitted import RAMPS, RIDGE, _fit, _gain, _maximum, _ramps

SHAPE = (24, 32)


def centre_bias() -> np.ndarray:
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    distance = ((rows - 11.5) / 8) ** 2 + ((columns - 15.5) / 10) ** 2
    density = np.exp(-distance / 2) + 1e-3
    return density / density.sum()


def smooth_noise(rng: np.random.Generator) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    noise = gaussian_filter(rng.normal(size=SHAPE), 3)
    return (noise - noise.min()) / np.ptp(noise)


def simulated(images: int, strength: float, *, fixations: int = 2000, told: bool = True):
    """Examples whose gaze follows c * exp(strength * s), and the bits by which s beats c.

    With told=False the map is another image's: it tells nothing.
    """
    rng = np.random.default_rng(7)
    centre = centre_bias()
    examples, bits = {}, []
    for image in range(images):
        saliency = smooth_noise(rng)
        density = centre * np.exp(strength * saliency)
        density /= density.sum()
        bits.append(float((density * np.log2(density / centre)).sum()))
        counts = rng.multinomial(fixations, density.ravel()).reshape(SHAPE)
        shown = saliency if told else smooth_noise(rng)
        examples[f"{image:02d}"] = [example(shown, counts, centre, pixels_per_cell=10)]
    return examples, float(np.mean(bits))


def test_a_map_that_is_the_log_density_gains_what_it_truly_tells():
    examples, bits = simulated(12, strength=4)
    gains = fitted_information_gain(examples)
    assert np.mean(list(gains.values())) == pytest.approx(bits, rel=0.03)
    assert bits > 0.3


def test_a_map_that_tells_nothing_gains_nothing_on_images_held_out():
    examples, _ = simulated(12, strength=4, told=False)
    assert abs(np.mean(list(fitted_information_gain(examples).values()))) < 0.03


def test_a_constant_map_is_the_centre_bias():
    rng = np.random.default_rng(1)
    centre = centre_bias()
    examples = {}
    for image in range(6):
        counts = rng.multinomial(5000, centre.ravel()).reshape(SHAPE)
        examples[str(image)] = [example(np.ones(SHAPE), counts, centre, pixels_per_cell=10)]
    gains = list(fitted_information_gain(examples).values())
    assert np.abs(gains).max() < 0.01


def test_scale_and_offset_of_the_map_play_no_part():
    rng = np.random.default_rng(2)
    centre = centre_bias()
    raw, scaled = {}, {}
    for image in range(5):
        saliency = smooth_noise(rng)
        counts = rng.multinomial(
            300, (centre * (0.2 + saliency)).ravel() / (centre * (0.2 + saliency)).sum()
        )
        counts = counts.reshape(SHAPE)
        raw[str(image)] = [example(saliency, counts, centre, pixels_per_cell=10)]
        scaled[str(image)] = [example(1e-3 * saliency - 7, counts, centre, pixels_per_cell=10)]
    first, second = fitted_information_gain(raw), fitted_information_gain(scaled)
    assert list(first.values()) == pytest.approx(list(second.values()), abs=1e-3)


def test_on_the_images_of_the_fit_the_gain_is_never_below_zero():
    for told in (True, False):
        train = [
            items[0] for items in simulated(5, strength=1, fixations=40, told=told)[0].values()
        ]
        blur, knots, parameters = _fit(train)
        assert np.mean([_gain(item, blur, knots, parameters) for item in train]) >= -1e-6


def test_the_maximum_is_the_one_that_another_optimiser_finds():
    """SLSQP with numerical gradients, on the likelihood written as a plain sum."""
    train = [items[0] for items in simulated(3, strength=2, fixations=200)[0].values()]
    knots = np.linspace(0, 1, RAMPS + 1)
    loss, found = _maximum(train, 0, knots, np.append(np.zeros(RAMPS), 1.0))

    def plain(parameters: np.ndarray) -> float:
        total = RIDGE * float((parameters[:-1] ** 2).sum())
        for item in train:
            logits = _ramps(item.blurred[0], knots) @ parameters[:-1]
            logits = logits + parameters[-1] * item.log_centre
            log_density = logits - np.log(np.exp(logits).sum())
            total -= float(item.counts @ log_density) / item.counts.sum() / len(train)
        return total

    other = minimize(
        plain,
        np.full(RAMPS + 1, 0.5),
        method="SLSQP",
        bounds=[(0, None)] * (RAMPS + 1),
        options={"ftol": 1e-12},
    )
    assert plain(found) == pytest.approx(loss, abs=1e-9)
    assert loss == pytest.approx(other.fun, abs=1e-5)


def test_two_images_leave_nothing_to_hold_out():
    examples, _ = simulated(2, strength=1)
    assert all(np.isnan(list(fitted_information_gain(examples).values())))


def test_a_map_with_nan_is_refused():
    with pytest.raises(ValidationError, match="NaN or infinity"):
        example(np.full(SHAPE, np.nan), np.ones(SHAPE), centre_bias(), pixels_per_cell=1)


def test_evaluate_of_one_map_says_that_other_maps_are_missing():
    with pytest.raises(ValidationError, match="not given: centre, other_maps"):
        evaluate(np.ones((3, 3)), fixations=[(1, 1)], metrics="ig_fitted")
    with pytest.raises(UsageError):
        evaluate(np.ones((3, 3)), fixations=[(1, 1)], metrics="ig_fited")
