"""One thread: these tests share a small machine."""

import torch

torch.set_num_threads(1)
