"""Print the options that name a stack and its region to another command.

usage: sortie dlq list $(python -m scripts.stack --stage prod)
"""

import sys

from scripts.command import STACK_ERRORS, connect, create_stack_parser, fail


def main() -> int:
    options = create_stack_parser(__doc__).parse_args()
    try:
        stack = connect(options)
    except STACK_ERRORS as error:
        return fail("stack", str(error))
    print(f"--stack {stack.name} --region {stack.region}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
