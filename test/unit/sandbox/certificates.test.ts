import { execFileSync } from "node:child_process";
import { X509Certificate, createPrivateKey } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clusterCertificates, writePki } from "../../../sandbox/clusters/certificates";
import { kubeconfigText } from "../../../sandbox/clusters/kubeconfig";
import { clusters } from "../../../sandbox/clusters/topology";

const cluster = clusters[0]!;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "pki-"));
  await writePki(cluster, folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

const read = (name: string): string => readFileSync(join(folder, name), "utf8");
const certificate = (name: string): X509Certificate => new X509Certificate(read(`${name}.crt`));

describe("writePki", () => {
  it.each(clusterCertificates(cluster).map(({ name }) => name))(
    "%s is signed by the cluster's CA and has its key",
    (name) => {
      expect(certificate(name).verify(certificate("ca").publicKey)).toBe(true);
      expect(certificate(name).verify(certificate("front-proxy-ca").publicKey)).toBe(false);
      expect(certificate(name).checkPrivateKey(createPrivateKey(read(`${name}.key`)))).toBe(true);
      expect(statSync(join(folder, `${name}.key`)).mode & 0o777).toBe(0o600);
    },
  );

  it("signs the front proxy's client by a CA of its own", () => {
    expect(certificate("front-proxy-client").verify(certificate("front-proxy-ca").publicKey)).toBe(true);
    expect(certificate("front-proxy-client").subject).toBe("CN=front-proxy-client");
  });

  it("makes certificates that an independent implementation accepts for their purpose", () => {
    const verify = (purpose: string, name: string): string =>
      execFileSync(
        "openssl",
        ["verify", "-CAfile", join(folder, "ca.crt"), "-purpose", purpose, join(folder, `${name}.crt`)],
        { encoding: "utf8", stdio: "pipe" },
      );
    expect(verify("sslserver", "apiserver")).toContain("apiserver.crt: OK");
    expect(verify("sslclient", "admin")).toContain("admin.crt: OK");
    expect(() => verify("sslserver", "admin")).toThrow(
      /unsuitable certificate purpose|unsupported certificate purpose/,
    );
  });

  it("names the API server by its addresses", () => {
    expect(certificate("apiserver").checkIP("198.18.1.2")).toBe("198.18.1.2");
    expect(certificate("apiserver").checkIP("198.18.2.2")).toBeUndefined();
    expect(certificate("apiserver").checkHost("kubernetes.default.svc")).toBe("kubernetes.default.svc");
  });
});

describe("kubeconfigText", () => {
  it("embeds the certificates and points at one cluster", () => {
    const access = { server: "https://198.18.1.2:6443", ca: "CA", certificate: "CERTIFICATE", key: "KEY" };
    expect(JSON.parse(kubeconfigText("cloud", "admin", access))).toEqual({
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        {
          name: "cloud",
          cluster: { server: "https://198.18.1.2:6443", "certificate-authority-data": "Q0E=" },
        },
      ],
      users: [
        { name: "admin", user: { "client-certificate-data": "Q0VSVElGSUNBVEU=", "client-key-data": "S0VZ" } },
      ],
      contexts: [{ name: "cloud", context: { cluster: "cloud", user: "admin" } }],
      "current-context": "cloud",
    });
  });
});
