"""The one exception that means: the user's input is wrong."""


class UserError(Exception):
    """The user's input is wrong; the message is one line and says how to mend it.

    The command line prints the message alone on stderr and exits with code 2.
    Write it as: what is wrong, where, which limit was broken, what to do.
    """
