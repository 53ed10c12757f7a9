"""What ``reconciler --help`` and ``--version`` say: fixed texts, which need no argument parser."""

from reconciler import __version__

COMMANDS = {
    "validate": "Check manifests; offline.",
    "plan": "Show what an apply would change; reads only.",
    "apply": "Plan, show, ask, write and verify.",
    "show": "Render a saved plan.",
    "comment": "Post a plan's report to a pull or merge request.",
    "export": "Write the live state as manifests.",
    "references": "Show what on the gateway uses each key.",
    "schema": "Print the JSON Schema of manifests.",
    "sandbox": "Run an Apinizer Manager stand-in on loopback.",
}
"""Every command with its line in the overview; the module of the same name holds it."""

VERSION = f"reconciler, version {__version__}"

_COMMAND_LINES = "\n".join(f"  {name:<11} {line}" for name, line in COMMANDS.items())

HELP = f"""\
Usage: reconciler [OPTIONS] COMMAND [ARGS]...

  Keep the names and descriptions of an Apinizer gateway's JSON Web Keys in
  git.

Options:
  --version   Show the version and exit.
  -h, --help  Show this message and exit.

Commands:
{_COMMAND_LINES}

  Exit codes:
    0  nothing to do, or all done         64  wrong usage
    1  a bug of this program              65  manifests invalid
    2  changes pending (plan with         69  gateway unreachable or failing
       --detailed-exitcode)               77  token missing or rejected, or
    3  the plan is not the reviewed one       permission denied
    4  apply incomplete                  130  interrupted (143: terminated)
    5  refused

  Examples:
    reconciler validate jwks/
    reconciler plan jwks/ --server https://manager.example.com
    reconciler apply jwks/ --auto-approve"""

AT_ONCE: dict[tuple[str, ...], str] = {("--version",): VERSION, ("--help",): HELP, ("-h",): HELP}
"""The command lines that are answered before anything else is loaded."""
