"""Ids of runs, kept small: a sequence like a list of them."""

import doctest
import random
import uuid

import pytest

from whorl.flywheel import run_ids
from whorl.flywheel.run_ids import RunIds


def test_what_the_examples_show() -> None:
    assert doctest.testmod(run_ids) == (0, 2)


def test_they_are_what_a_list_of_them_is() -> None:
    draw = random.Random(5)
    ids = [uuid.UUID(int=draw.getrandbits(128)) for _ in range(40)]
    kept = RunIds(ids[:30])
    for each in ids[30:]:
        kept.append(each)
    assert list(kept) == ids and len(kept) == 40 and list(reversed(kept)) == ids[::-1]
    for _ in range(50):
        start, end, step = draw.randrange(-45, 45), draw.randrange(-45, 45), draw.choice([-3, -1, 1, 2])
        assert list(kept[start:end:step]) == ids[start:end:step]
        place = draw.randrange(-40, 40)
        assert kept[place] == ids[place]
    assert ids[3] in kept and uuid.UUID(int=3) not in kept and kept.index(ids[7]) == 7
    assert kept == RunIds(ids) != RunIds(ids[::-1]) and kept != ids and not RunIds()
    with pytest.raises(IndexError):
        kept[40]
