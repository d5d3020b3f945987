"""Names of AWS IoT things: `<stack>_<device>`, as all stacks of an account share its things.

A stack's name has no underscore.
"""


def thing_name(stack: str, device_id: str) -> str:
    return f"{stack}_{device_id}"


def device_of(thing: str) -> str:
    """Return the id of a thing's device. Raises `ValueError` for a thing of no stack."""
    stack, separator, device = thing.partition("_")
    if not (stack and separator and device):
        raise ValueError("not a thing of a stack")
    return device
