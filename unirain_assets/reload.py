"""Asks Dagster's web server to load the definitions anew, as its button "Reload definitions" does."""

import http.client
import json
import os
import urllib.parse

VARIABLE = "UNIRAIN_DAGSTER_URL"
"""Address of the web server; `unirain ui` sets it."""

_MUTATION = (
    "mutation($name: String!) { reloadRepositoryLocation(repositoryLocationName: $name) { __typename } }"
)
_PATIENCE = 5.0
"""Seconds to reach a server on this machine or in this network."""


def ask(location: str) -> bool:
    """Send the request and do not wait for the answer: it comes when the asking process has been replaced.

    Args:
        location: name of the code location.

    Returns:
        Whether a server took it.
    """
    url = urllib.parse.urlsplit(os.environ.get(VARIABLE, ""))
    if url.scheme != "http" or not url.hostname:
        return False
    body = json.dumps({"query": _MUTATION, "variables": {"name": location}})
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=_PATIENCE)
    try:
        connection.request("POST", f"{url.path}/graphql", body, {"Content-Type": "application/json"})
    except OSError:
        return False
    finally:
        connection.close()
    return True
