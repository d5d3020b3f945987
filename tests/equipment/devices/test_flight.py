"""Flights of the simulated drone, computed without a clock."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.devices.flight import (
    CRUISE_SPEED,
    DESCENT_SPEED,
    MIN_ALTITUDE,
    ORBIT_RADIUS,
    Flight,
    plan_flight,
)
from local.devices.geometry import Circle, Line, Point, measure_offset
from local.devices.weather import Weather

HOME = Point(9.97, 53.54, 5.0)
NEAR = st.builds(
    Point,
    st.floats(9.94, 10.0),
    st.floats(53.52, 53.56),
    st.floats(-10, 120),
)
FLIGHTS = st.builds(
    plan_flight,
    st.just(HOME),
    st.lists(NEAR, max_size=5),
    st.sampled_from(["MISSION", "HOVER", "ORBIT"]),
)
TURNED = st.builds(
    lambda flight, part: flight.turn_back(part * flight.seconds), FLIGHTS, st.floats(0, 0.99)
)


def metres(a: Point, b: Point) -> float:
    east, north = measure_offset(a, b)
    return (east**2 + north**2 + (a.alt - b.alt) ** 2) ** 0.5


def states(flight: Flight) -> list[tuple[str, str]]:
    found = []
    for second in range(int(flight.seconds) + 2):
        pose = flight.at(second)
        if not found or found[-1] != (pose.drone, pose.dock):
            found.append((pose.drone, pose.dock))
    return found


@given(FLIGHTS | TURNED)
def test_flight_ends_docked_at_home(flight) -> None:
    pose = flight.at(flight.seconds + 0.001)

    assert (pose.drone, pose.dock, pose.position) == ("DOCKED", "CLOSED", HOME)
    assert (pose.ground_speed, pose.vertical_speed) == (0, 0)


@given(FLIGHTS | TURNED)
def test_drone_never_exceeds_its_speeds(flight) -> None:
    seconds = range(int(flight.seconds) + 1)

    for here, there in pairwise(flight.at(each).position for each in seconds):
        assert metres(here, there) <= (CRUISE_SPEED**2 + 4**2) ** 0.5 + 0.1


@given(st.lists(NEAR, min_size=1, max_size=5), st.floats(0, 1))
def test_drone_stays_between_home_and_waypoints(waypoints, part) -> None:
    flight = plan_flight(HOME, waypoints, "MISSION")

    position = flight.at(part * flight.seconds).position

    for axis, lowest in ((0, -180), (1, -90), (2, HOME.alt + MIN_ALTITUDE)):
        known = [HOME[axis], *(max(each[axis], lowest) for each in waypoints)]
        assert min(known) - 1e-9 <= position[axis] <= max(known) + 1e-9


@given(FLIGHTS | TURNED, st.lists(st.floats(0, 2000), min_size=2))
def test_time_in_the_air_grows_up_to_the_flights_duration(flight, moments) -> None:
    spent = [flight.airborne_seconds(each) for each in sorted(moments)]

    assert spent == sorted(spent)
    assert spent[0] >= 0
    assert spent[-1] <= flight.seconds


@given(FLIGHTS)
def test_headings_are_degrees(flight) -> None:
    assert all(0 <= flight.at(each).heading < 360 for each in range(0, int(flight.seconds), 5))


def test_mission_passes_waypoints_in_order_at_cruise_speed() -> None:
    waypoints = [Point(9.97, 53.545, 40), Point(9.98, 53.545, 40)]

    flight = plan_flight(HOME, waypoints, "MISSION")

    poses = [flight.at(each / 10) for each in range(int(flight.seconds * 10))]
    passed = [
        min(range(len(poses)), key=lambda i, to=to: metres(poses[i].position, to))
        for to in waypoints
    ]
    assert passed == sorted(passed)
    assert all(metres(poses[i].position, to) < 2 for i, to in zip(passed, waypoints, strict=True))
    east = poses[(passed[0] + passed[1]) // 2]
    assert (round(east.ground_speed), round(east.heading), east.drone) == (12, 90, "WAYPOINT")


@pytest.mark.parametrize(("action", "there"), [("HOVER", "HOVER"), ("ORBIT", "ORBIT")])
def test_states_follow_the_flights_stages(action, there) -> None:
    flight = plan_flight(HOME, [Point(9.971, 53.541, 40)], action)

    assert states(flight) == [
        ("DOCKED", "OPENING"),
        ("GPS_NORMAL", "OPEN"),
        ("WAYPOINT", "TASK_INPROGRESS"),
        (there, "TASK_INPROGRESS"),
        ("RETURNING", "TASK_INPROGRESS"),
        ("RETURNING", "OPEN"),
        ("LANDED", "OPEN"),
        ("DOCKED", "CLOSING"),
        ("DOCKED", "CLOSED"),
    ]


def test_flight_without_waypoints_stays_above_the_dock() -> None:
    flight = plan_flight(HOME, [], "HOVER")

    poses = [flight.at(each) for each in range(int(flight.seconds))]

    assert "HOVER" in {each.drone for each in poses}
    assert {each.position[:2] for each in poses} == {HOME[:2]}
    assert max(each.position.alt for each in poses) == HOME.alt + MIN_ALTITUDE


def test_orbit_keeps_its_radius() -> None:
    centre = Point(9.971, 53.541, 40)
    flight = plan_flight(HOME, [centre], "ORBIT")

    poses = [flight.at(each) for each in range(int(flight.seconds))]

    radii = {round(metres(each.position, centre)) for each in poses if each.drone == "ORBIT"}
    assert radii == {round(ORBIT_RADIUS)}


def test_flight_without_end_hovers_until_turned_back() -> None:
    flight = plan_flight(HOME, [Point(9.971, 53.541, 40)], "MISSION").without_end()

    late = flight.at(1e9)

    assert (late.drone, late.airborne, late.ground_speed) == ("HOVER", True, 0)
    assert states(flight.turn_back(1e9))[-1] == ("DOCKED", "CLOSED")


def test_flight_turned_back_before_take_off_closes_the_dock() -> None:
    flight = plan_flight(HOME, [Point(9.971, 53.541, 40)], "MISSION")

    assert states(flight.turn_back(1)) == [("DOCKED", "CLOSING"), ("DOCKED", "CLOSED")]


def test_descent_has_its_own_speed() -> None:
    flight = plan_flight(HOME, [Point(9.971, 53.541, 40)], "MISSION")

    lowest = min(flight.at(each).vertical_speed for each in range(int(flight.seconds)))

    assert lowest == pytest.approx(-DESCENT_SPEED)


def test_line_crosses_the_date_line_the_short_way() -> None:
    line = Line.between(Point(179.99, 0, 40), Point(-179.99, 0, 40), 0)

    assert line.ground_metres == pytest.approx(0.02 * 111_320)
    assert line.heading == pytest.approx(90)
    assert abs(line.at(0.5)[0].lon) == pytest.approx(180)


def test_circle_starts_in_the_north_and_goes_clockwise() -> None:
    circle = Circle(Point(0, 0, 40), 20)

    assert [round(circle.at(each / 4)[1]) for each in range(4)] == [90, 180, 270, 0]
    assert circle.at(0)[0].lat > 0 == round(circle.at(0)[0].lon, 9)


@given(st.integers(), st.floats(0, 1e9))
def test_weather_is_plausible_and_determined_by_its_seed(seed, moment) -> None:
    weather, again = (Weather(Random(seed)).at(moment) for _ in range(2))  # noqa: S311

    assert weather == again
    assert weather.keys() == {"windSpeed", "windDirection", "temperature", "humidity", "rain"}
    assert 0 <= weather["windSpeed"] < 10
    assert 0 <= weather["windDirection"] < 360
    assert 0 <= weather["humidity"] <= 100
    assert weather["rain"] >= 0
