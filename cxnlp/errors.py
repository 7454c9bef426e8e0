"""The exceptions of cxnlp; each message says what to do."""


class CxnlpError(Exception):
    """Anything that cxnlp refuses to do."""


class ModelError(CxnlpError):
    """A model folder that is missing, damaged or of another format."""


class FileError(CxnlpError):
    """A file of comments that cannot be read or written as asked."""


class DeviceError(CxnlpError):
    """A device that is not known, or not there, or that needs a package that is not installed."""
