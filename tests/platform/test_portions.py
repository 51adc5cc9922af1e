"""Portions: in order, none empty, and what was read before an error comes before it."""

from collections.abc import Iterator

import pytest

from whorl.platform.portions import portions


@pytest.mark.parametrize(
    ("count", "sizes"), [(0, []), (1, [1]), (3, [3]), (4, [3, 1]), (6, [3, 3]), (7, [3, 3, 1])]
)
def test_every_item_is_in_one_portion(count: int, sizes: list[int]) -> None:
    found = list(portions(iter(range(count)), 3))
    assert [len(portion) for portion in found] == sizes
    assert [item for portion in found for item in portion] == list(range(count))


@pytest.mark.parametrize(("count", "before"), [(4, [[0, 1, 2], [3]]), (3, [[0, 1, 2]]), (0, [])])
def test_an_error_comes_after_what_was_read_before_it(count: int, before: list[list[int]]) -> None:
    def source() -> Iterator[int]:
        yield from range(count)
        raise ValueError("broken")

    found = []
    with pytest.raises(ValueError, match="broken"):
        for portion in portions(source(), 3):
            found.append(portion)
    assert found == before


def test_no_more_is_read_than_a_portion() -> None:
    source = iter(range(10))
    assert next(portions(source, 3)) == [0, 1, 2]
    assert next(source) == 3
