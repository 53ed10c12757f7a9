"""GitOps for the names and descriptions of an Apinizer gateway's JSON Web Keys."""

__version__ = "0.1.0"
