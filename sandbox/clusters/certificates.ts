import "reflect-metadata";
import { mkdirSync, writeFileSync } from "node:fs";
import { webcrypto } from "node:crypto";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";
import type { ClusterTopology } from "./topology";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const day = 24 * 60 * 60 * 1000;

interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

/** One certificate to be issued; files NAME.crt and NAME.key. */
export interface CertificateRequest {
  readonly name: string;
  readonly commonName: string;
  /** RBAC groups of a client. */
  readonly organization?: string;
  readonly dns?: readonly string[];
  readonly ips?: readonly string[];
}

/** Everything that a cluster's own CA signs. */
export function clusterCertificates(cluster: ClusterTopology): readonly CertificateRequest[] {
  const { node, nodeIp, apiServiceIp } = cluster;
  return [
    {
      name: "apiserver",
      commonName: "kube-apiserver",
      dns: [
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
        "localhost",
      ],
      ips: [nodeIp, apiServiceIp, "127.0.0.1"],
    },
    { name: "admin", commonName: "admin", organization: "system:masters" },
    { name: "apiserver-kubelet-client", commonName: "kube-apiserver", organization: "system:masters" },
    { name: "controller-manager", commonName: "system:kube-controller-manager" },
    { name: "scheduler", commonName: "system:kube-scheduler" },
    { name: "kube-proxy", commonName: "system:kube-proxy" },
    { name: "kubelet", commonName: `system:node:${node}`, organization: "system:nodes" },
    { name: "kubelet-server", commonName: node, dns: [node], ips: [nodeIp] },
  ];
}

/**
 * Makes a cluster's PKI in a folder: `ca`, `front-proxy-ca` with `front-proxy-client`, `service-account`, and
 * `clusterCertificates`. Keys are readable for root alone.
 */
export async function writePki(cluster: ClusterTopology, folder: string): Promise<void> {
  const ca = await writeSigned(folder, `${cluster.name}-ca`, clusterCertificates(cluster));
  await writeKeys(folder, "ca", ca);
  const frontProxyClient = { name: "front-proxy-client", commonName: "front-proxy-client" };
  await writeSigned(folder, `${cluster.name}-front-proxy-ca`, [frontProxyClient], "front-proxy-ca");
  const serviceAccount = await makeKeys();
  await writeKeys(folder, "service-account", serviceAccount);
  const publicKey = await webcrypto.subtle.exportKey("spki", serviceAccount.publicKey);
  writeFileSync(join(folder, "service-account.pub"), pem(publicKey, "PUBLIC KEY"));
}

/**
 * Makes a CA and what it signs in a folder that is readable for root alone. The CA's certificate is `FILE.crt`; its
 * keys are handed back and stand nowhere.
 */
export async function writeSigned(
  folder: string,
  commonName: string,
  requests: readonly CertificateRequest[],
  file = "ca",
): Promise<webcrypto.CryptoKeyPair> {
  x509.cryptoProvider.set(webcrypto);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const authority = await makeAuthority(commonName);
  writeCertificate(folder, file, authority.certificate);
  for (const request of requests) await issue(folder, authority, request);
  return authority.keys;
}

async function makeAuthority(commonName: string): Promise<Authority> {
  const keys = await makeKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${commonName}`,
    ...validity(),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, keys };
}

async function issue(folder: string, authority: Authority, request: CertificateRequest): Promise<void> {
  const keys = await makeKeys();
  const names = [
    ...(request.dns ?? []).map((value) => ({ type: "dns" as const, value })),
    ...(request.ips ?? []).map((value) => ({ type: "ip" as const, value })),
  ];
  const usage = names.length > 0 ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth;
  const organization = request.organization === undefined ? "" : `O=${request.organization}, `;
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `${organization}CN=${request.commonName}`,
    issuer: authority.certificate.subject,
    ...validity(),
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([usage]),
      await x509.AuthorityKeyIdentifierExtension.create(authority.keys.publicKey),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ],
  });
  writeCertificate(folder, request.name, certificate);
  await writeKeys(folder, request.name, keys);
}

function validity(): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - day), notAfter: new Date(now + 365 * day) };
}

async function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

function writeCertificate(folder: string, name: string, certificate: x509.X509Certificate): void {
  writeFileSync(join(folder, `${name}.crt`), `${certificate.toString("pem")}\n`);
}

async function writeKeys(folder: string, name: string, keys: webcrypto.CryptoKeyPair): Promise<void> {
  const key = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  writeFileSync(join(folder, `${name}.key`), pem(key, "PRIVATE KEY"), { mode: 0o600 });
}

function pem(bytes: ArrayBuffer, tag: string): string {
  return `${x509.PemConverter.encode(bytes, tag)}\n`;
}
