import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeSigned } from "../../../sandbox/clusters/certificates";
import { foldersOf } from "../../../sandbox/clusters/folders";
import { servicesScope } from "../../../sandbox/clusters/leftovers";
import { commandOf, dataFolders, hostCertificate, serviceNames } from "../../../sandbox/services/daemons";
import { beegfs, serviceCaFile, services } from "../../../sandbox/services/topology";
import { partlyKept } from "../../../sandbox/state";

const root = { accessKey: "root-name", secretKey: "root-secret" };

describe("the services' commands", () => {
  it.each(serviceNames)("%s: has no credential among its arguments, which the log holds", (name) => {
    const { argv, env } = commandOf[name]("/bin", root);
    expect(argv.filter((word) => /root-(name|secret)/.test(word))).toEqual([]);
    expect(Object.values(env)).toEqual(expect.arrayContaining(["root-name", "root-secret"]));
  });

  it("listen on the services' address alone, over TLS by the host's certificate", () => {
    const minio = commandOf.minio("/bin", root).argv;
    expect(minio.slice(0, 2)).toEqual(["/bin/minio", "server"]);
    expect(minio[minio.indexOf("--address") + 1]).toBe("198.18.11.10:9000");
    expect(minio[minio.indexOf("--certs-dir") + 1]).toBe(dataFolders.minioCertificates);
    expect(minio.at(-1)).toBe(dataFolders.minio);
    const mlflow = commandOf.mlflow("/bin", root).argv;
    const after = (flag: string): string | undefined => mlflow[mlflow.indexOf(flag) + 1];
    const { pki } = foldersOf("services");
    expect([after("--host"), after("--port"), after("--workers")]).toEqual(["198.18.11.10", "5000", "1"]);
    expect(after("--uvicorn-opts")).toBe(
      `--ssl-certfile ${join(pki, "host.crt")} --ssl-keyfile ${join(pki, "host.key")}`,
    );
    expect(after("--allowed-hosts")).toBe("198.18.*,minio.sandbox:*,mlflow.sandbox:*");
  });

  it("keep their data where a clean-up of the services finds it", () => {
    const inScope = (path: string): boolean =>
      servicesScope().folders.some((folder) => path.startsWith(`${folder}/`));
    const paths = [...Object.values(dataFolders), serviceCaFile, beegfs.hostPath];
    expect(paths.filter((path) => !inScope(path))).toEqual([]);
    expect(servicesScope().owns(services.namespace)).toBe(true);
    expect(servicesScope().owns("fed-cloud")).toBe(false);
  });

  it("offer what a person and a settings file call them by", () => {
    expect(services.minio).toEqual({
      port: 9000,
      url: "https://198.18.11.10:9000",
      health: "https://198.18.11.10:9000/minio/health/cluster",
    });
    expect(services.mlflow).toEqual({
      port: 5000,
      url: "https://198.18.11.10:5000",
      health: "https://198.18.11.10:5000/health",
    });
    expect(beegfs.models).toBe(`${beegfs.hostPath}/models/trained`);
  });
});

describe("the services' certificate", () => {
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "services-"));
    await writeSigned(folder, "sandbox-services-ca", [hostCertificate]);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("is accepted by an independent implementation for the address and both names, and for no other", () => {
    const verify = (...args: string[]): string =>
      execFileSync(
        "openssl",
        [
          "verify",
          "-CAfile",
          join(folder, "ca.crt"),
          "-purpose",
          "sslserver",
          ...args,
          join(folder, "host.crt"),
        ],
        { encoding: "utf8", stdio: "pipe" },
      );
    expect(verify("-verify_ip", "198.18.11.10")).toContain("host.crt: OK");
    expect(verify("-verify_hostname", "minio.sandbox")).toContain("host.crt: OK");
    expect(verify("-verify_hostname", "mlflow.sandbox")).toContain("host.crt: OK");
    expect(() => verify("-verify_ip", "198.18.11.11")).toThrow(/IP address mismatch/);
  });

  it("leaves no key of its CA behind", () => {
    expect(readdirSync(folder).sort()).toEqual(["ca.crt", "host.crt", "host.key"]);
    expect(new X509Certificate(readFileSync(join(folder, "ca.crt"))).ca).toBe(true);
  });
});

describe("the stacks' state", () => {
  const before = { cloud: "1", hpc: "2", services: "3" };

  it("is good for all parts as they were, and for none of them", () => {
    expect(partlyKept(before, before)).toEqual([]);
    expect(partlyKept(before, { cloud: "4", hpc: "5", services: "6" })).toEqual([]);
  });

  it("is not good where some stayed and others were made anew", () => {
    expect(partlyKept(before, { ...before, hpc: "5" })).toEqual(["cloud", "services"]);
    expect(partlyKept(before, { cloud: "4", hpc: "5", services: "3" })).toEqual(["services"]);
  });

  it("of before there were services is not good", () => {
    expect(partlyKept({ cloud: "1", hpc: "2" }, before)).toEqual(["cloud", "hpc"]);
  });
});
