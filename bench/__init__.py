"""attention-bench: do humans look where convolutional networks attend?"""

__version__ = "0.1.0"
