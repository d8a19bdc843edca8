"""Which files the demo consists of; apart, so that the Snakefile can read it alone."""

# Every file that `make_demo` writes, in the demo's folder; a literal, for the Snakefile to read.
DEMO_FILES = (
    "CREDITS.md",
    "recordings/viewer_1.asc",
    "recordings/viewer_2.asc",
    "recordings/viewer_3.asc",
    "recordings/viewer_4.asc",
    "recordings/viewer_5.asc",
    "recordings/viewer_6.asc",
    "recordings/viewer_7.asc",
    "recordings/viewer_8.edf",
    "stimuli/astronaut.png",
    "stimuli/camera.png",
    "stimuli/chelsea.png",
    "stimuli/coffee.png",
    "stimuli/coins.png",
    "stimuli/motorcycle.png",
    "stimuli/rocket.png",
)
