"""The one kind of error a user is meant to read."""


class CasebackError(Exception):
    """Something the user can mend: the message names the file or value and the remedy, in one line.

    The command line prints it without a traceback and exits with status 2.
    """
