import numpy as np
from synapse_pipelines.training.distributed import World, joined_world


def test_shares_are_disjoint_and_complete() -> None:
    shares = [World(rank, 3).share(range(8)) for rank in range(3)]
    assert shares == [[0, 3, 6], [1, 4, 7], [2, 5]]


def test_a_process_of_its_own_is_the_whole_world() -> None:
    with joined_world() as world:
        assert world == World(0, 1)
        assert world.total(1.5, 2.0) == [1.5, 2.0]
        assert world.from_main("x") == "x"
        rows = np.ones((2, 8), dtype=np.float32)
        assert world.gather(rows, 2) is rows
        world.wait()
