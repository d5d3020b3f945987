"""Print the options that name a stack and its region to another command.

`sortie` finds a running local stack without options.

usage: sortie dlq list $(python -m scripts.stack --stage prod)
"""

import sys

from scripts.command import STACK_ERRORS, connect, create_stack_parser, fail, read_running


def main() -> int:
    options = create_stack_parser(__doc__).parse_args()
    try:
        stack = connect(options)
    except STACK_ERRORS as error:
        return fail("stack", str(error))
    if not read_running(options):
        print(f"--stack {stack.name} --region {stack.region}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
