import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TlsServer {
  readonly port: number;
  /** File of the authority that signed the server's certificate. */
  readonly caFile: string;
  readonly folder: string;
  close(): Promise<void>;
}

/** A server on 127.0.0.1 with a certificate of its own, which is its own authority. */
export async function tlsServer(handler: RequestListener): Promise<TlsServer> {
  const folder = mkdtempSync(join(tmpdir(), "tls-"));
  const [keyFile, caFile] = [join(folder, "tls.key"), join(folder, "ca.crt")];
  const subject = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "1",
      "-keyout",
      keyFile,
      "-out",
      caFile,
      ...subject,
    ],
    { stdio: "pipe" },
  );
  const server = https.createServer({ key: readFileSync(keyFile), cert: readFileSync(caFile) }, handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    caFile,
    folder,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
