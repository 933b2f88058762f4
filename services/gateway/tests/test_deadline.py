import pytest
from synapse_common.errors import DeadlineExceeded
from synapse_gateway.deadline import Deadline


def test_a_step_takes_the_smaller_of_its_limit_and_what_is_left() -> None:
    assert Deadline.after(None).within(3) == 3
    assert Deadline.after(100).within(3) == 3
    assert 0 < Deadline.after(1).within(3) <= 1


def test_a_passed_deadline_is_an_error() -> None:
    with pytest.raises(DeadlineExceeded):
        Deadline.after(0).within(3)
