"""A certification authority that does what it is told: for what pebble cannot do.

It speaks ACME as far as a client needs it, checks no signature and no proof, and signs with openssl.
Arguments: port, folder with ca.pem and api.pem, behaviour as JSON.
"""

import base64, datetime, http.server, json, ssl, subprocess, sys, threading

PORT, FOLDER, BEHAVIOUR = int(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
BASE = f"https://localhost:{PORT}"
orders, lock = [], threading.Lock()
left = {"rate_limited": BEHAVIOUR.get("rate_limited", 0), "renew_now": BEHAVIOUR.get("renew_now", 0)}


def log(text):
    print(text, flush=True)


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, cwd=FOLDER, capture_output=True, check=True).stdout


def take(what):
    with lock:
        left[what] -= 1
        return left[what] >= 0


def sign(number, csr):
    names = [identifier["value"] for identifier in orders[number]["identifiers"]]
    with open(f"{FOLDER}/{number}.csr", "wb") as file:
        file.write(csr)
    if BEHAVIOUR.get("wrong_key"):
        openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/null", "-subj", "/CN=x",
                "-outform", "DER", "-out", f"{number}.csr")
    with open(f"{FOLDER}/{number}.ext", "w") as file:
        file.write("authorityKeyIdentifier=keyid\nsubjectAltName=" + ",".join(f"DNS:{name}" for name in names))
    leaf = openssl("x509", "-req", "-inform", "DER", "-in", f"{number}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                   "-CAcreateserial", "-days", str(BEHAVIOUR.get("days", 90)), "-extfile", f"{number}.ext")
    with open(f"{FOLDER}/ca.pem", "rb") as file:
        return leaf + file.read()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, body, status=200, kind="application/json", headers=()):
        octets = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in [("Content-Type", kind), ("Content-Length", str(len(octets))), *headers]:
            self.send_header(name, value)
        self.send_header("Replay-Nonce", "nonce")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(octets)

    def problem(self, kind, status, headers=()):
        log(f"refused: {kind}")
        self.answer({"type": f"urn:ietf:params:acme:error:{kind}", "detail": f"as told: {kind}", "status": status},
                    status, "application/problem+json", headers)

    def do_HEAD(self):
        self.answer(b"")

    def do_GET(self):
        if self.path == "/dir":
            meta = {"caaIdentities": BEHAVIOUR.get("caa", []), "profiles": {"shortlived": "six days"}}
            directory = {"newNonce": f"{BASE}/nonce", "newAccount": f"{BASE}/account", "newOrder": f"{BASE}/order",
                         "revokeCert": f"{BASE}/revoke", "keyChange": f"{BASE}/key", "meta": meta}
            if "renew_now" in BEHAVIOUR:
                directory["renewalInfo"] = f"{BASE}/renewal-info"
            return self.answer(directory)
        if self.path.startswith("/renewal-info/"):
            log("asked when to renew")
            now = datetime.datetime.now(datetime.timezone.utc)
            days = -1 if take("renew_now") else 30
            window = [(now + datetime.timedelta(days=days, hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ") for hours in (0, 1)]
            return self.answer({"suggestedWindow": {"start": window[0], "end": window[1]}}, headers=[("Retry-After", "3600")])
        self.answer(b"", 404)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        payload = json.loads(decode(body["payload"]) or b"null")
        _, what, *rest = self.path.split("/")
        if what == "account":
            if BEHAVIOUR.get("refuse_account"):
                return self.problem("unauthorized", 403)
            return self.answer({"status": "valid"}, 201, headers=[("Location", f"{BASE}/account/1")])
        if what == "order" and not rest:
            return self.new_order(payload)
        number = int(rest[0])
        if what == "authz":
            return self.answer(self.authorization(number, int(rest[1])))
        if what == "challenge":
            orders[number]["ready"].add(int(rest[1]))
            return self.answer(self.authorization(number, int(rest[1]))["challenges"][0])
        if what == "finalize":
            orders[number]["certificate"] = sign(number, decode(payload["csr"]))
            log(f"certificate {number} issued")
        if what == "cert":
            return self.answer(orders[number]["certificate"], kind="application/pem-certificate-chain")
        self.answer(self.order(number), headers=[("Location", f"{BASE}/order/{number}")])

    def new_order(self, payload):
        if BEHAVIOUR.get("nonsense"):
            return self.answer(b"<html>nonsense</html>", 201)
        if take("rate_limited"):
            return self.problem("rateLimited", 429, [("Retry-After", str(BEHAVIOUR.get("retry_after", 1)))])
        with lock:
            number = len(orders)
            orders.append({"identifiers": payload["identifiers"], "ready": set(), "certificate": None,
                           "replaces": payload.get("replaces"), "profile": payload.get("profile")})
        log(f"new order {number} replaces {payload.get('replaces')} profile {payload.get('profile')}")
        self.answer(self.order(number), 201, headers=[("Location", f"{BASE}/order/{number}")])

    def order(self, number):
        order = orders[number]
        status = "pending"
        if len(order["ready"]) == len(order["identifiers"]):
            status = "invalid" if BEHAVIOUR.get("invalid") else "ready"
        if order["certificate"]:
            status = "valid"
        places = range(len(order["identifiers"]))
        state = {"status": status, "identifiers": order["identifiers"], "finalize": f"{BASE}/finalize/{number}",
                 "authorizations": [f"{BASE}/authz/{number}/{place}" for place in places]}
        state.update((field, order[field]) for field in ("replaces", "profile") if order[field])
        if status == "valid":
            state["certificate"] = f"{BASE}/cert/{number}"
        return state

    def authorization(self, number, place):
        value, ready = orders[number]["identifiers"][place]["value"], place in orders[number]["ready"]
        status = ("invalid" if BEHAVIOUR.get("invalid") else "valid") if ready else "pending"
        challenge = {"type": "dns-01", "url": f"{BASE}/challenge/{number}/{place}", "token": f"token{number}-{place}", "status": status}
        if status == "invalid":
            challenge["error"] = {"type": "urn:ietf:params:acme:error:dns", "detail": "nothing there, as told", "status": 400}
        return {"status": status, "identifier": {"type": "dns", "value": value.removeprefix("*.")},
                "wildcard": value.startswith("*."), "challenges": [challenge]}


server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(f"{FOLDER}/api.pem", f"{FOLDER}/api.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
log("listening")
server.serve_forever()
