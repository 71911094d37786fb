import "reflect-metadata";
import { isIP } from "node:net";
import { type webcrypto, X509Certificate } from "node:crypto";
import * as x509 from "@peculiar/x509";

/** A certificate and its private key (PKCS #8), both PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

const DAY = 86_400_000;

/** A CA outlives several rotations of what it signed; its own end is told in time by init. */
const CA_DAYS = 3652;
/** Server certificates end sooner, since their keys lie in pods. */
export const SERVER_DAYS = 730;
/** Certificates made by a machine whose clock is ahead are valid at once on one whose clock is behind. */
const BACKDATED = 300_000;

const SIGNING = { name: "ECDSA", hash: "SHA-256" } as const;
const KEY = { name: "ECDSA", namedCurve: "P-256" } as const;

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(KEY, true, ["sign", "verify"]);
}

async function pairOf(certificate: x509.X509Certificate, privateKey: webcrypto.CryptoKey): Promise<KeyPair> {
  const key = await crypto.subtle.exportKey("pkcs8", privateKey);
  return {
    certificate: `${certificate.toString("pem")}\n`,
    key: `${x509.PemConverter.encode(key, x509.PemConverter.PrivateKeyTag)}\n`,
  };
}

async function signingKey(ca: KeyPair): Promise<webcrypto.CryptoKey> {
  const [der] = x509.PemConverter.decode(ca.key);
  if (der === undefined) throw new Error("the CA's key is not PEM");
  return crypto.subtle.importKey("pkcs8", der, KEY, false, ["sign"]);
}

function validity(now: Date, days: number) {
  return { notBefore: new Date(now.getTime() - BACKDATED), notAfter: new Date(now.getTime() + days * DAY) };
}

/** Extensions of a CA certificate; both the self-signed and the cross-signed form have them. */
async function caExtensions(
  key: x509.PublicKey | webcrypto.CryptoKey,
  issuerKey: x509.PublicKey | webcrypto.CryptoKey,
): Promise<x509.Extension[]> {
  return [
    new x509.BasicConstraintsExtension(true, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    await x509.SubjectKeyIdentifierExtension.create(key),
    await x509.AuthorityKeyIdentifierExtension.create(issuerKey),
  ];
}

/** A new CA: EC P-256, its name carries the generation. */
export async function createCa(generation: number, now: Date): Promise<KeyPair> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=Federation CA ${generation}, O=federation`,
    keys,
    signingAlgorithm: SIGNING,
    ...validity(now, CA_DAYS),
    extensions: await caExtensions(keys.publicKey, keys.publicKey),
  });
  return pairOf(certificate, keys.privateKey);
}

/** The certificate of `ca` as signed by `older`: who trusts only the older CA comes to trust the new one's servers by it. */
export async function crossSign(ca: KeyPair, older: KeyPair, now: Date): Promise<string> {
  const own = new x509.X509Certificate(ca.certificate);
  const issuer = new x509.X509Certificate(older.certificate);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: own.subject,
    issuer: issuer.subject,
    publicKey: own.publicKey,
    signingKey: await signingKey(older),
    signingAlgorithm: SIGNING,
    notBefore: validity(now, 0).notBefore,
    notAfter: issuer.notAfter,
    extensions: await caExtensions(own.publicKey, issuer.publicKey),
  });
  return `${certificate.toString("pem")}\n`;
}

/** A server certificate for these host names and IPv4 addresses. */
export async function createServer(
  ca: KeyPair,
  name: string,
  hosts: readonly string[],
  now: Date,
): Promise<KeyPair> {
  const issuer = new x509.X509Certificate(ca.certificate);
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${name}, O=federation`,
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey: await signingKey(ca),
    signingAlgorithm: SIGNING,
    ...validity(now, SERVER_DAYS),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        hosts.map((value) => ({ type: isIP(value) === 0 ? ("dns" as const) : ("ip" as const), value })),
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return pairOf(certificate, keys.privateKey);
}

/** Hosts that a server certificate does not cover. */
export function uncovered(certificate: string, hosts: readonly string[]): readonly string[] {
  const parsed = new X509Certificate(certificate);
  return hosts.filter(
    (host) => (isIP(host) === 0 ? parsed.checkHost(host) : parsed.checkIP(host)) === undefined,
  );
}

/** Whole days until a certificate ends; negative after that. */
export function daysLeft(certificate: string, now: Date): number {
  return Math.floor((new X509Certificate(certificate).validToDate.getTime() - now.getTime()) / DAY);
}
