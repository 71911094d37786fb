import type * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import type { BasicAuth, TlsConfig } from "./prometheusSchema";

export interface UserPassword {
  readonly username: string;
  readonly password: string;
}

/** What one Prometheus needs to serve its web endpoint and to be probed. */
export interface WebCredentials {
  /** PEM bundle of every CA in force: two while credentials rotate, else one. */
  readonly caCertificates: string;
  /** PEM; its names cover `localhost`, the Service and the exposed address. */
  readonly serverCertificate: string;
  /** PEM. */
  readonly serverKey: string;
  /** User name to bcrypt hash; users of both generations while credentials rotate. */
  readonly users: Readonly<Record<string, string>>;
  /** The user of probes, of the self-scrape and of people on this cluster. */
  readonly local: UserPassword;
}

/**
 * Where the files of {@link CREDENTIALS} come from: the stack, or Secrets of the namespace that exist already, whose
 * keys together are the names of the files.
 */
export type CredentialSource =
  | { readonly kind: "stack"; readonly web: pulumi.Input<WebCredentials> }
  | { readonly kind: "existing"; readonly secrets: readonly string[] };

/** Where the credentials are mounted. */
export const CREDENTIALS = "/etc/prometheus/credentials";

/** Trust in servers whose certificates our CA signed. */
export const ownCa: TlsConfig = { ca_file: `${CREDENTIALS}/ca.crt` };

/** A user's name and password by file, so that rotation never changes the configuration. */
export function basicAuthFiles(user: string): BasicAuth {
  return {
    username_file: `${CREDENTIALS}/${user}.username`,
    password_file: `${CREDENTIALS}/${user}.password`,
  };
}

/** The files of one user. */
export function userFiles(
  user: string,
  { username, password }: UserPassword,
): Readonly<Record<string, string>> {
  return { [`${user}.username`]: username, [`${user}.password`]: password };
}

/**
 * Trust in one member's server. A file of its own beside {@link ownCa}: a member's CA that is wrong must not take down
 * the hub's own probes, and a member may have another CA.
 */
export const memberCa = (member: string): TlsConfig => ({
  ca_file: `${CREDENTIALS}/${memberUser(member)}.ca.crt`,
});

/** Name of the files with which the hub scrapes a member. */
export const memberUser = (member: string): string => `member-${member}`;

/** The file of the token by which a member's site lets the hub in. */
export const memberToken = (member: string): string => `${CREDENTIALS}/${memberUser(member)}.token`;

/** The credential files of a server, by name. */
export function credentialFiles(web: WebCredentials): Readonly<Record<string, string>> {
  return {
    "ca.crt": web.caCertificates,
    "tls.crt": web.serverCertificate,
    "tls.key": web.serverKey,
    "web.yml": stringify({
      tls_server_config: {
        cert_file: `${CREDENTIALS}/tls.crt`,
        key_file: `${CREDENTIALS}/tls.key`,
        min_version: "TLS12",
      },
      basic_auth_users: web.users,
    }),
    ...userFiles("local", web.local),
    "http-client.yml": stringify({ basic_auth: basicAuthFiles("local"), tls_config: ownCa }),
  };
}
