import { readFileSync } from "node:fs";
import { join } from "node:path";
import { KubernetesApi } from "../../../sandbox/clusters/api";
import { writeSigned } from "../../../sandbox/clusters/certificates";
import { flags, isReady } from "../../../sandbox/clusters/controlPlane";
import type { Definition } from "../../../sandbox/setup/crds";
import { waitFor } from "../../../sandbox/system/waiting";
import { dispose, freePort, serve, type Server } from "../../workloads/support/servers";

/** An API server with its etcd and nothing else: no controller acts on what it holds, no node runs it. */
export interface ApiServer {
  readonly api: KubernetesApi;
  stop(): Promise<void>;
}

async function startEtcd(): Promise<Server> {
  const peer = `http://127.0.0.1:${await freePort()}`;
  return serve("etcd", "/health", (port, folder) => ({
    name: "etcd",
    args: flags({
      "data-dir": join(folder, "data"),
      "unsafe-no-fsync": true,
      "listen-client-urls": `http://127.0.0.1:${port}`,
      "advertise-client-urls": `http://127.0.0.1:${port}`,
      "listen-peer-urls": peer,
      "initial-advertise-peer-urls": peer,
      "initial-cluster": `default=${peer}`,
      "log-level": "warn",
    }),
    env: {},
  }));
}

/** An API server on 127.0.0.1, and a client of it that may do everything. */
export async function startApiServer(): Promise<ApiServer> {
  const etcd = await startEtcd();
  const pki = join(etcd.folder, "pki");
  await writeSigned(pki, "test-ca", [
    { name: "apiserver", commonName: "kube-apiserver", ips: ["127.0.0.1"] },
    { name: "admin", commonName: "admin", organization: "system:masters" },
  ]);
  const read = (file: string): string => readFileSync(join(pki, file), "utf8");
  const clientOf = (port: number): KubernetesApi =>
    new KubernetesApi({
      server: `https://127.0.0.1:${port}`,
      ca: read("ca.crt"),
      certificate: read("admin.crt"),
      key: read("admin.key"),
    });
  let api: KubernetesApi | undefined;
  const server = await serve(
    "kube-apiserver",
    (port) => isReady((api ??= clientOf(port))),
    (port, folder) => ({
      name: "kube-apiserver",
      args: flags({
        "etcd-servers": etcd.url,
        "bind-address": "127.0.0.1",
        "secure-port": port,
        "cert-dir": folder,
        "tls-cert-file": join(pki, "apiserver.crt"),
        "tls-private-key-file": join(pki, "apiserver.key"),
        "client-ca-file": join(pki, "ca.crt"),
        "authorization-mode": "RBAC",
        "service-account-issuer": "https://kubernetes.default.svc",
        "service-account-key-file": join(pki, "apiserver.crt"),
        "service-account-signing-key-file": join(pki, "apiserver.key"),
        "service-cluster-ip-range": "198.18.206.0/24",
        // nobody looks for it by the Service `kubernetes`, and a loopback address may not stand there
        "endpoint-reconciler-type": "none",
        "shutdown-delay-duration": "0s",
        profiling: false,
      }),
      env: {},
    }),
  ).catch(async (error: unknown) => {
    await dispose(etcd);
    throw error;
  });
  const ready = api ?? clientOf(Number(new URL(server.url).port));
  return {
    api: ready,
    stop: async () => {
      ready.close();
      await dispose(server, etcd);
    },
  };
}

const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/** Defines custom resources and waits until the API server serves them. */
export async function define(api: KubernetesApi, definitions: readonly Definition[]): Promise<void> {
  for (const definition of definitions) await api.create(DEFINITIONS, definition);
  for (const { metadata, spec } of definitions)
    for (const version of spec.versions)
      await waitFor(
        `${metadata.name} ${version.name} is served`,
        async () => {
          const { resources } = (await api.get(`/apis/${spec.group}/${version.name}`)) as {
            readonly resources: readonly { readonly name: string }[];
          };
          return resources.some(({ name }) => `${name}.${spec.group}` === metadata.name);
        },
        { deadline: 60_000 },
      );
}
