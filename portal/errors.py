"""What can go wrong, in the portal's own words. No HTTP in here: `portal.web.errors` maps these to pages."""


class PortalError(Exception):
    """Base of every error that a person may be told about. `str(error)` says what to do."""


class NotFound(PortalError):
    """The thing does not exist, or does not exist for this person. The two must look the same."""


class NotAllowed(PortalError):
    """The person may see the thing but not do this with it. The message says who can."""


class WrongState(PortalError):
    """The step does not fit the state the thing is in, e.g. publishing an archived article."""


class Invalid(PortalError):
    """What was typed cannot be used. `fields` maps a field name to one message that says what to do."""

    def __init__(self, message: str, **fields: str) -> None:
        super().__init__(message)
        self.fields = fields


class Conflict(PortalError):
    """Somebody else saved first. Nothing is lost: the caller still holds what was typed."""
