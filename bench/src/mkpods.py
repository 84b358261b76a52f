#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""mkpods.py DIR N: N pod manifests as clusters have them, in DIR/files/pod-K.yaml, all of them in
DIR/all.yaml (one file, --- between) and in DIR/all.json (a List, as kubectl get -o json gives it).
One in ten has something to find; the others meet the restricted level and have user namespaces."""
import json
import os
import sys


def pod(k):
    bad = k % 10 == 0
    security = {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "runAsUser": 1000 + k % 50,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    if bad:
        security = [{"privileged": True}, {"capabilities": {"add": ["SYS_ADMIN"]}}, {}][k // 10 % 3]
    containers = [{
        "name": "app",
        "image": f"registry.example/shop/service-{k % 97}:{k % 13}.{k % 7}",
        "imagePullPolicy": "IfNotPresent",
        "command": ["/usr/bin/tini", "--", "/opt/app/bin/server"],
        "args": [f"--listen=:{8000 + k % 100}", "--log-format=json", "--workers=4"],
        "env": [{"name": f"SETTING_{i}", "value": f"value {i} of pod {k}"} for i in range(6)] + [
            {"name": "POD_IP", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}}}],
        "ports": [{"name": "http", "containerPort": 8000 + k % 100, "protocol": "TCP"}],
        "resources": {"limits": {"cpu": "500m", "memory": "256Mi"}, "requests": {"cpu": "100m", "memory": "128Mi"}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 10},
        "securityContext": security,
        "volumeMounts": [{"name": "config", "mountPath": "/etc/app", "readOnly": True},
                         {"name": "tmp", "mountPath": "/tmp"}],
    }]
    if k % 3 == 0:
        containers.append({
            "name": "proxy",
            "image": "registry.example/mesh/proxy:1.22",
            "securityContext": dict(security),
            "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
        })
    volumes = [{"name": "config", "configMap": {"name": f"settings-{k % 97}", "defaultMode": 420}},
               {"name": "tmp", "emptyDir": {}}]
    if bad and k % 20 == 0:
        volumes.append({"name": "host", "hostPath": {"path": "/var/run"}})
        containers[0]["volumeMounts"].append({"name": "host", "mountPath": "/host"})
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"service-{k % 97}-{k:06d}",
            "namespace": f"team-{k % 23}",
            "labels": {"app.kubernetes.io/name": f"service-{k % 97}", "app.kubernetes.io/part-of": "shop",
                       "pod-template-hash": f"{k * 2654435761 % 4294967296:08x}"},
            "annotations": {"checksum/config": f"{k * 40503 % 65536:04x}" * 16},
        },
        "spec": {
            "serviceAccountName": "default",
            "hostUsers": bad,
            "automountServiceAccountToken": False,
            "securityContext": {} if bad else {"fsGroup": 2000, "runAsNonRoot": True},
            "nodeSelector": {"kubernetes.io/os": "linux"},
            "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"}],
            "containers": containers,
            "volumes": volumes,
        },
    }


def scalar(v):
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, int):
        return str(v)
    plain = v and v[0].isalpha() and all(c.isalnum() or c in "/-._ =" for c in v) and v not in ("true", "false")
    return v if plain else json.dumps(v)


def lines(v, indent, out, first=""):
    """Block style, as kubectl writes it; `first` stands before the first line."""
    pad = " " * indent
    if isinstance(v, dict):
        for i, (key, x) in enumerate(v.items()):
            start = first if i == 0 and first else pad
            if isinstance(x, (dict, list)) and x:
                out.append(f"{start}{key}:")
                lines(x, indent + 2 if isinstance(x, dict) else indent, out)
            else:
                out.append(f"{start}{key}: " + ({dict: "{}", list: "[]"}.get(type(x)) or scalar(x)))
    else:
        for x in v:
            if isinstance(x, dict) and x:
                lines(x, indent + 2, out, pad + "- ")
            else:
                out.append(f"{pad}- " + ("{}" if x == {} else scalar(x)))


def main():
    where, n = sys.argv[1], int(sys.argv[2])
    os.makedirs(where + "/files", exist_ok=True)
    pods = [pod(k) for k in range(n)]
    with open(where + "/all.yaml", "w", encoding="utf-8") as whole:
        for k, p in enumerate(pods):
            out = []
            lines(p, 0, out)
            text = "\n".join(out) + "\n"
            with open(f"{where}/files/pod-{k:06d}.yaml", "w", encoding="utf-8") as f:
                f.write(text)
            whole.write("---\n" + text)
    with open(where + "/all.json", "w", encoding="utf-8") as f:
        json.dump({"apiVersion": "v1", "kind": "List", "items": pods}, f, indent=4)
        f.write("\n")


main()
