import pytest

from jobs.missions.thing import device_of, thing_name


@pytest.mark.parametrize("device", ["dock-1", "dock_1", "_"])
def test_thing_of_a_stack_names_its_device(device) -> None:
    assert device_of(thing_name("sortie-dev", device)) == device


@pytest.mark.parametrize("thing", ["", "dock-1", "_dock-1", "sortie-dev_"])
def test_thing_of_no_stack_names_no_device(thing) -> None:
    with pytest.raises(ValueError, match="not a thing of a stack"):
        device_of(thing)
