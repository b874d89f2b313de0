"""The oracle of engines: one task after the other, in this process."""

import pickle
from collections import deque
from contextlib import contextmanager


class InProcess:
    """Remembers the largest number of tasks that were in flight."""

    def __init__(self, capacity=4):
        self.capacity = capacity
        self.flying = deque[object]()
        self.most = 0

    @contextmanager
    def open(self, function, device):
        self.function = pickle.loads(pickle.dumps(function))
        self.flying.clear()
        yield self

    def submit(self, task):
        self.flying.append(pickle.loads(pickle.dumps(task)))
        self.most = max(self.most, len(self.flying))

    def next(self):
        return self.function(self.flying.popleft())
