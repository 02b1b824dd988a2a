"""Being asked to go."""


class Terminated(BaseException):
    """The process was asked to go (SIGTERM); passes through everything, so that `finally` blocks run."""
