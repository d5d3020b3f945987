"""What a device can take."""

import pytest

from jobs.missions.device import MAX_WAYPOINTS_LENGTH, fit_into_order


@pytest.mark.parametrize(("first", "fits"), [(10**7, True), (10**8, False)])
def test_waypoints_of_the_greatest_length_fit_into_order(first, fits) -> None:
    waypoints = [[first, 0, 0], *[[0, 0, 0]] * 3998]
    over = 0 if fits else 1

    assert len(str(waypoints).replace(" ", "")) == MAX_WAYPOINTS_LENGTH + over
    assert fit_into_order(waypoints) is fits
