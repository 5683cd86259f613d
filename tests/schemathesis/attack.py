"""Lets schemathesis ask a running demo whatever the schema allows, and what it does not, as several viewers.

usage: attack.py http://127.0.0.1:8080 LOG

LOG is what `gridward demo` printed: the tokens stand in it. SCHEMATHESIS_SECONDS (60) is how long it takes, of which each viewer
has its part; SCHEMATHESIS_SEED (1) leads along one and the same way each time. It fails where an answer is a failure of the
server or says what the contract does not (`hooks.py`), where a request hangs, where a viewer has no token or is refused
throughout, where a field of Query or Mutation was hardly asked, or where it was asked often and came to an answer with nobody.
"""

import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.request

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
SDL = ROOT / "frontend-schema" / "schema.graphql"
SECONDS = int(os.environ.get("SCHEMATHESIS_SECONDS", "60"))
SEED = os.environ.get("SCHEMATHESIS_SEED", "1")
# Who asks, and whether what is asked is valid.
RUNS = [("public", "positive"), ("worker", "positive"), ("admin", "positive"), ("admin", "negative")]
# Codes that say that it is the server's fault; no request of these may meet one.
FAULTS = {"INTERNAL", "UNAVAILABLE", "STORAGE_FULL", "OVERLOADED"}
# Of the built-in checks, those that take every refusal for a failure; `hooks.py` has one that knows our codes.
TOO_STRICT = "not_a_server_error,positive_data_acceptance"
# Who asks a field so often in a valid way comes to an answer: of those that take most, one in five does.
ENOUGH = 60
# A request that takes longer hangs.
REQUEST_S = "10"

ACTIONS = {"DISPATCH": {"dispatch": {}}, "CLOSE": {"close": {"note": "done"}}}

KNOWN = """
query Known($district: String!) {
  cells(district: $district, first: 30) { nodes { id code level bounds { west south east north } } }
  incidents(district: $district, first: 200) {
    nodes { id version allowedActions category { code } stage { key } position { lon lat } }
  }
  households(district: $district, first: 30) { nodes { id } }
}
"""


def ask(url, token, query, **variables):
    headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
    body = json.dumps({"query": query, "variables": variables}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{url}/graphql", body, headers), timeout=30) as response:
        answer = json.load(response)
    if "errors" in answer:
        sys.exit(f"the demo cannot be asked what it knows: {answer['errors']}")
    return answer["data"]


def known(url, token, district="demo"):
    """Values that come to an answer, by the name of an argument or the type that it takes."""
    data = {key: value["nodes"] for key, value in ask(url, token, KNOWN, district=district).items()}
    cells, incidents, households = data["cells"], data["incidents"], data["households"]
    # UUIDs of version 7: some are used again, and most are not.
    keys = [f"019a0000-0000-7000-8000-{number:012x}" for number in range(3000)]
    places = [{**incident["position"], "datum": "WGS84"} for incident in incidents]
    changes = [
        {"id": incident["id"], "expectedVersion": incident["version"], "clientKey": key, "action": ACTIONS[action]}
        for incident, key in zip(incidents, reversed(keys))
        for action in incident["allowedActions"]
    ]
    return {
        "district": [district] * 19 + ["nowhere"],
        "code": [district] + [cell["code"] for cell in cells],
        "id": [node["id"] for node in cells + incidents + households],
        "cell": [cell["id"] for cell in cells],
        "subtree": [cell["id"] for cell in cells],
        "within": [{**cell["bounds"], "datum": "WGS84"} for cell in cells],
        "category": [incident["category"]["code"] for incident in incidents],
        "stages": [[incident["stage"]["key"]] for incident in incidents],
        "clientKey": keys,
        "level": [cell["level"] for cell in cells],
        "text": ["katu", cells[0]["code"], "x"],
        "address": ["Testikatu 1 A 2", "Testikatu 1 A 3"],
        "memberCount": [None, 0, 3, 99],
        "occurredAt": [None],
        "after": [None] * 19 + ["nothing"],
        "first": [1, 5, 50, 200] * 5 + [201, 0],
        "zoom": [0, 10, 14, 22] * 5 + [23],
        "At": [None] * 14 + [{"planVersion": 1}, {"planVersion": 2}],
        "AreaInput": [None] + [{"subtree": cell["id"]} for cell in cells],
        "PositionInput": places,
        "ChangeIncidentInput": changes,
    }


def run(url, token, mode, plan, folder):
    """One run of schemathesis: its exit code, what it said, and what the hooks counted."""
    told = folder / "told.json"
    told.unlink(missing_ok=True)
    (folder / "plan.json").write_text(json.dumps({**plan, "told": str(told)}), encoding="utf-8")
    command = [str(pathlib.Path(sys.executable).parent / "schemathesis"), "--no-color", "run", str(SDL)]
    command += ["--url", f"{url}/graphql", "--seed", SEED, "--mode", mode, "--exclude-checks", TOO_STRICT]
    # Few of a field at a time, so that it comes round to every field however little time there is.
    command += ["--max-time", str(max(SECONDS // len(RUNS), 1)), "--max-examples", "20", "--max-failures", "10"]
    command += ["--request-timeout", REQUEST_S, "--generation-database", "none", "--warnings", "off"]
    command += ["--header", "Accept: application/graphql-response+json"]
    command += ["--header", f"Authorization: Bearer {token}"] if token else []
    settings = {"SCHEMATHESIS_HOOKS": str(HERE / "hooks.py"), "ATTACK_PLAN": str(folder / "plan.json")}
    try:
        ended = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=SECONDS + 120,
        )
        code, said = ended.returncode, ended.stdout
    except subprocess.TimeoutExpired as late:
        code, said = "none in time", (late.stdout or b"").decode(errors="replace")
    nothing = {"asked": {}, "worked": {}, "codes": {}}
    return code, said, json.loads(told.read_text(encoding="utf-8")) if told.exists() else nothing


def fields():
    """The fields of Query and Mutation, as schemathesis names them, and whether they take arguments."""
    text = re.sub(r'"""[\s\S]*?"""', "", SDL.read_text(encoding="utf-8"))
    found = {}
    for kind in ("Query", "Mutation"):
        body = re.search(rf"^type {kind} \{{([\s\S]*?)^\}}", text, re.MULTILINE)[1]
        found |= {f"{kind}.{name}": sign == "(" for name, sign in re.findall(r"^\t(\w+)([(:])", body, re.MULTILINE)}
    return found


def tokens_in(log):
    """The token of each viewer, as the demo printed them; the public has none."""
    tokens = {"public": None}
    for role, token in re.findall(r"^ +(\w+) +http://\S+#token=(\S+)", log.read_text(encoding="utf-8"), re.MULTILINE):
        tokens.setdefault(role.lower(), token)
    missing = sorted({role for role, _ in RUNS} - tokens.keys())
    if missing:
        sys.exit(f"no token of {', '.join(missing)} stands in what the demo printed: nobody may ask as another viewer")
    return tokens


def of_run(mode, token, counted):
    """What must hold of one run as a whole, each with whether it does."""
    answers = sum(counted["worked"].values())
    yield answers or mode == "negative", f"something comes to an answer, not {answers} of all that is asked"
    unknown = counted["codes"].get("UNAUTHENTICATED", 0)
    yield not (token and unknown), f"the token is known; {unknown} times it was not"


def main(url, log):
    tokens = tokens_in(log)
    codes = set(re.findall(r"^### `(\w+)`", (ROOT / "docs" / "errors.md").read_text(encoding="utf-8"), re.MULTILINE))
    one_of = re.findall(r"^input (\w+) @oneOf", SDL.read_text(encoding="utf-8"), re.MULTILINE)
    plan = {"codes": sorted(codes - FAULTS), "one_of": one_of, "known": known(url, tokens["admin"])}
    passed, failed, total, tried, worked = 0, 0, 0, collections.Counter(), collections.Counter()

    def claim(holds, what):
        nonlocal passed, failed
        passed, failed = passed + bool(holds), failed + (not holds)
        if not holds:
            print(f"FAILS  {what}")

    print(f"seed {SEED}, {SECONDS} s, {len(fields())} fields")
    for role, mode in RUNS:
        values = plan["known"] if mode == "positive" else {}
        with tempfile.TemporaryDirectory() as folder:
            code, said, counted = run(url, tokens[role], mode, {**plan, "known": values}, pathlib.Path(folder))
        who = f"{role}, {mode}"
        if code != 0:
            print(said)
        claim(code == 0, f"{who}: schemathesis finds nothing, and ends by itself: it ended with {code}")
        for holds, what in of_run(mode, tokens[role], counted):
            claim(holds, f"{who}: {what}")
        # A tenth of what two busy cores come to.
        least = max(SECONDS // len(RUNS) // 15, 1)
        for field, takes in fields().items():
            asked = counted["asked"].get(field, 0)
            if not takes and mode == "negative":
                # There is nothing in it that could be invalid.
                continue
            claim(asked >= least, f"{who}: {field} is asked at least {least} times, not {asked}")
        worked.update(counted["worked"])
        tried.update(counted["asked"] if mode == "positive" else {})
        count, answers = sum(counted["asked"].values()), sum(counted["worked"].values())
        total += count
        print(f"{who}: {count} operations, {answers} with an answer and no error; {counted['codes']}")
    for field in fields():
        # On a machine with much other work, a minute is too little to ask for this.
        little = SECONDS < 300 and tried[field] < ENOUGH
        claim(worked[field] or little, f"{field} comes to an answer with somebody; of {tried[field]} times it did not")
    with urllib.request.urlopen(f"{url}/metrics", timeout=30) as response:
        figures = response.read().decode()
    claim(not re.findall(r'^http_requests_total\{.*status="5.*', figures, re.MULTILINE), "the server counted no 5xx")
    rarest = min(fields(), key=lambda field: worked[field])
    print(f"{total} operations in all; {rarest} came to an answer most seldom, {worked[rarest]} times")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], pathlib.Path(sys.argv[2])))
